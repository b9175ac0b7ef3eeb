-- SPDX-License-Identifier: Apache-2.0
-- A program that has no file: it was written to a memfd and executed from
-- there. Container runtimes copy themselves into a memfd on purpose (the answer
-- to CVE-2019-5736); their fixed names are left out where what started them is
-- part of a container runtime: anybody may name a memfd so.
CREATE RULE exec_from_memfd
  WITH (severity = 'critical', attack = 'T1620',
        description = 'a program runs from memory only')
AS
SELECT e.pid, e.exe, e.filename, e.cmdline, e.parent_exe, e.parent_cmdline,
       e.uid
FROM process.exec e
WHERE e.exe_memfd
  AND (e.parent_name IS NULL
       OR NOT ((e.exe LIKE '%memfd:runc_cloned:%'
                OR e.exe LIKE '%memfd:crun_cloned:%')
               AND (e.parent_name LIKE 'containerd%'
                    OR e.parent_exe LIKE '%memfd:runc_cloned:%'
                    OR e.parent_exe LIKE '%memfd:crun_cloned:%'
                    OR e.parent_name IN ('dockerd', 'podman', 'conmon',
                                         'crio', 'buildkitd', 'buildah',
                                         'kubelet', 'runc', 'crun'))))
SUPPRESS FOR INTERVAL '1' MINUTE;
