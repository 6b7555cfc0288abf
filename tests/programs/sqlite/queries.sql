.mode list
.headers on
SELECT count(*), sum(km), min(day), max(day) FROM trip;
CREATE INDEX by_target ON trip(target, day);
SELECT a.name, b.name, count(*) AS trips, sum(km) AS km
  FROM trip JOIN city a ON a.id = origin JOIN city b ON b.id = target
  GROUP BY origin, target HAVING trips > 4 ORDER BY km DESC, a.name, b.name LIMIT 12;
SELECT substr(day, 1, 7) AS month, round(avg(km), 6), total(km) FROM trip GROUP BY month ORDER BY month;
WITH RECURSIVE reach(id, hops) AS (
  SELECT 3, 0 UNION SELECT target, hops + 1 FROM trip JOIN reach ON origin = reach.id
    WHERE hops < 2 AND km < 150)
  SELECT hops, count(DISTINCT id) FROM reach GROUP BY hops;
SELECT name, size, rank() OVER (ORDER BY size DESC) FROM city ORDER BY size DESC LIMIT 5;
SELECT json_group_array(name) FROM (SELECT name FROM city WHERE id < 6 ORDER BY name);
UPDATE trip SET km = km * 2 WHERE day < '2024-03';
DELETE FROM trip WHERE target IN (SELECT id FROM city WHERE size < 20000);
SELECT count(*), sum(km), hex(min(day)), printf('%010.3f', avg(km)) FROM trip;
.mode csv
SELECT name, length(name), upper(name), replace(name, 'a', '-') FROM city WHERE id % 9 = 0;
