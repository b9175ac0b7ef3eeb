-- It ends too early.
SELECT pid FROM
