#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_rules.py N [SEED [CONTAINS]]: N rules of realistic shapes on standard
output; of the text terms CONTAINS percent (20) say contains."""
import random
import sys

WORDS = """bash sh python perl curl wget nc socat crontab systemctl ssh sudo
passwd shadow authorized_keys miner payload update kworker agent docker runc
kubectl apt dpkg insmod modprobe iptables tcpdump strace gdb base64 xxd chmod
chown chattr useradd usermod history profile bashrc preload service timer unit
socket daemon proxy tunnel scan exploit shell reverse bind listen dropper
stage loader inject hook rootkit hidden backup archive upload exfil token key
secret vault config database postgres redis nginx apache tomcat java node""".split()


class Maker:
    def __init__(self, seed, contains):
        self.random = random.Random(seed)
        self.contains = contains / 100

    def word(self):
        return "%s%d" % (self.random.choice(WORDS), self.random.randrange(500))

    def path(self):
        folder = self.random.choice(["/usr/bin", "/opt", "/etc", "/var/lib",
                                     "/home", "/tmp", "/dev/shm", "/root"])
        return "%s/%s/%s" % (folder, self.word(), self.word())

    def text_term(self, column):
        """60 % exact, 20 % contains, 10 % prefix, 10 % suffix."""
        dice = self.random.random()
        if dice < 0.8 - self.contains:
            if self.random.random() < 0.5:
                names = ", ".join("'%s'" % self.path() for _ in range(4))
                return "%s IN (%s)" % (column, names)
            return "%s = '%s'" % (column, self.path())
        if dice < 0.8:
            return "%s LIKE '%%%s%%'" % (column, self.word())
        if dice < 0.9:
            return "%s LIKE '%s/%%'" % (column, self.path())
        return "%s LIKE '%%/%s'" % (column, self.word())

    def exec_terms(self, alias):
        columns = self.random.sample(["exe", "cmdline", "parent_exe"], 2)
        terms = [self.text_term("%s.%s" % (alias, c)) for c in columns]
        if self.random.random() < 0.3:
            terms.append("%s.uid <> 0" % alias)
        return " AND ".join(terms)

    def file_terms(self, alias):
        terms = [self.text_term("%s.path" % alias)]
        if self.random.random() < 0.5:
            terms.append("%s.is_write" % alias)
        return " AND ".join(terms)

    def net_terms(self, alias):
        ports = self.random.sample(range(1, 65536), 3)
        return "%s.dst_port IN (%s)" % (alias, ", ".join(map(str, ports)))

    def filter(self):
        dice = self.random.random()
        if dice < 0.6:
            return ("SELECT e.pid, e.exe, e.cmdline FROM process.exec e\n"
                    "WHERE " + self.exec_terms("e"))
        if dice < 0.85:
            return ("SELECT f.pid, f.exe, f.path FROM file.open f\n"
                    "WHERE " + self.file_terms("f"))
        return ("SELECT n.pid, n.exe, n.dst_ip FROM network.connect n\n"
                "WHERE " + self.net_terms("n"))

    def join(self):
        return ("SELECT e.pid, e.exe, n.dst_ip FROM process.exec e\n"
                "JOIN network.connect n ON n.pid_key = e.pid_key\n"
                " AND n.ts BETWEEN e.ts AND e.ts + INTERVAL '%d' SECOND\n"
                "WHERE %s AND %s" %
                (self.random.randrange(1, 60), self.exec_terms("e"),
                 self.net_terms("n")))

    def count(self):
        return ("SELECT pid, n FROM (SELECT f.pid, COUNT(*) OVER (PARTITION "
                "BY f.pid_key\n ORDER BY f.ts RANGE BETWEEN INTERVAL '%d' "
                "SECOND PRECEDING AND CURRENT ROW) AS n\n"
                " FROM file.open f WHERE %s) AS t WHERE n >= %d" %
                (self.random.randrange(5, 300), self.file_terms("f"),
                 self.random.randrange(3, 50)))

    def rule(self, number):
        dice = self.random.random()
        body = (self.join() if dice < 0.05 else
                self.count() if dice < 0.1 else self.filter())
        return ("CREATE RULE rule_%d WITH (severity = 'medium') AS\n%s;\n" %
                (number, body))


def main():
    maker = Maker(int(sys.argv[2]) if len(sys.argv) > 2 else 1,
                  int(sys.argv[3]) if len(sys.argv) > 3 else 20)
    for number in range(int(sys.argv[1])):
        print(maker.rule(number))


main()
