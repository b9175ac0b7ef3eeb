CREATE RULE types AS
SELECT pid, uid + exe FROM network.connect
WHERE dst_ip = '300.1.1.1' AND dst_ip = '10.0.0.0/8' AND dst_port = 'ssh' AND dst_port = '22'
  AND family = 'inet4' AND exe = 5 AND pid LIKE '5%' AND compat > FALSE AND ts = 5
  AND args = '-c' AND exe AND 'x' = ANY(cmdline) AND dst_port IN ('a', pid, 22);
