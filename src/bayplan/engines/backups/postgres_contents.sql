SELECT json_build_object('is', 'sequence', 'name', format('%I.%I', schemaname, sequencename), 'value', last_value::text)
FROM pg_sequences WHERE last_value IS NOT NULL AND increment_by > 0 AND NOT cycle ORDER BY schemaname, sequencename;

SELECT json_build_object('is', 'extension', 'name', extname) FROM pg_extension ORDER BY extname;

SELECT json_build_object('is', 'fact', 'name', key, 'value', value)
FROM pg_database AS d, pg_roles AS r, LATERAL (VALUES
  ('database', d.datname::text),
  ('user', current_user::text),
  ('owner', r.rolname::text),
  ('encoding', pg_encoding_to_char(d.encoding)::text),
  ('collate', d.datcollate::text),
  ('ctype', d.datctype::text),
  ('provider', to_jsonb(d) ->> 'datlocprovider'),
  ('locale', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')),
  ('size', pg_database_size(d.oid)::text),
  ('roles', (SELECT coalesce(json_agg(rolname ORDER BY rolname), '[]')::text FROM pg_roles WHERE rolname !~ '^pg_')),
  ('settings', (SELECT coalesce(json_agg(setting), '[]')::text FROM pg_db_role_setting AS s, unnest(s.setconfig) AS setting
                WHERE s.setdatabase = d.oid AND s.setrole = 0)),
  ('others', (SELECT coalesce(json_agg(datname ORDER BY datname), '[]')::text FROM pg_database AS other
              WHERE other.oid <> d.oid AND NOT other.datistemplate AND other.datname <> 'postgres'
              AND other.datname !~ '_before_\d{8}t\d{6}z$'))
) AS facts (key, value)
WHERE d.datname = current_database() AND r.oid = d.datdba AND value IS NOT NULL;

-- A table's rows as text, hashed one by one: the sum does not depend on their order. What an extension brings is not dumped.
SELECT format(
  'SELECT json_build_object(''is'', ''table'', ''name'', %L, ''rows'', count(*)::text, '
  '''hash'', coalesce(sum(hashtextextended(ROW("bayplan".*)::text, 0)::numeric), 0)::text) FROM ONLY %I.%I AS "bayplan"',
  format('%I.%I', n.nspname, c.relname), n.nspname, c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend AS p WHERE p.classid = 'pg_class'::regclass AND p.objid = c.oid AND p.deptype = 'e')
ORDER BY n.nspname, c.relname
\gexec

SELECT json_build_object('is', 'table', 'name', 'large objects', 'rows', count(*)::text,
  'hash', coalesce(sum(hashtextextended(ROW(o.*)::text, 0)::numeric), 0)::text)
FROM pg_largeobject AS o HAVING count(*) > 0;
