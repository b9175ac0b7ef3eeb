#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the documents say is so: the rules in README.md and the shipped rules
# compile, every command and every option that --help names is in the manual
# page, and every command the manual names is there.
. "$(dirname "$0")/lib.sh"

manual=$ROOT/docs/shrike.8

awk -v out="$work/example" '
	/^```/ { inside = /^```sql/; number += inside; next }
	inside { print > (out number ".sql") }
' "$ROOT/README.md"
examples=0
for file in "$work"/example*.sql; do
	"$SHRIKE" check "$file" || fail "an example of README.md: $(cat "$file")"
	examples=$((examples + 1))
done
((examples > 0)) || fail 'README.md shows no rule'
"$SHRIKE" check "$ROOT/rules" 2>"$work/err" ||
	fail 'the shipped rules do not compile'
[[ ! -s $work/err ]] || fail "the shipped rules are warned of: $(cat "$work/err")"

# The messages that the documents show are those of the program.
shows() {
	local line

	"$SHRIKE" check "$1" 2>"$work/err" && fail "$1 has no error"
	while read -r line; do
		grep -qF -- "$line" "$ROOT/$2" || fail "$2 does not show: $line"
	done < <(sed '$d' "$work/err")
}
mkdir -p "$work/rules"
cd "$work"
printf 'SELECT pid FROM network.connect\nWHERE dest_port = 22;\n' >ssh.sql
shows ssh.sql README.md
printf '%s\n' 'CREATE RULE scan AS' 'SELECT pid FROM network.connect' \
	'WHERE dst_prt = 22;' >rules/net.sql
shows rules/net.sql docs/language.md
cd "$ROOT"
"$SHRIKE" explain "$ROOT/rules" >"$work/explained" ||
	fail 'the shipped rules are not explained'
while read -r rule; do
	grep -qw "$rule" "$work/explained" || fail "explain leaves out $rule"
done < <(sed -n 's/^CREATE RULE \([a-z0-9_]*\).*/\1/p' "$ROOT"/rules/*.sql)

# The manual without its escapes.
sed 's/\\-/-/g; s/\\fB//g; s/\\fI//g; s/\\fR//g' "$manual" >"$work/manual"

commands=0
while read -r command; do
	grep -q "^shrike $command" "$work/manual" ||
		fail "the manual has no command $command"
	"$SHRIKE" "$command" --help >"$work/help" ||
		fail "$command has no --help"
	while read -r option; do
		grep -q -- "$option" "$work/manual" ||
			fail "the manual leaves out $option of $command"
	done < <(grep -o -- '--[a-z][a-z-]*' "$work/help" | sort -u)
	commands=$((commands + 1))
done < <("$SHRIKE" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')

# Both name every pass of the compiler.
"$SHRIKE" check --dump nope "$ROOT/rules" 2>"$work/err" && fail '--dump nope'
passes=$(sed -n "s/.*no pass 'nope': one of //p" "$work/err" | tr -d ,)
(($(wc -w <<<"$passes") >= 10)) || fail "few passes: $passes"
for pass in $passes; do
	grep -qw -- "$pass" "$work/manual" || fail "the manual lacks pass $pass"
	for command in check compile explain; do
		"$SHRIKE" "$command" --help | grep -qw -- "$pass" ||
			fail "$command --help lacks pass $pass"
	done
done
((commands >= 9)) || fail "--help lists only $commands commands"
while read -r command; do
	"$SHRIKE" "$command" --help >/dev/null ||
		fail "the manual names $command, which is not there"
done < <(sed -n 's/^shrike \([a-z]*\) .*/\1/p' "$work/manual" | sort -u)
echo "$examples examples, $commands commands"
