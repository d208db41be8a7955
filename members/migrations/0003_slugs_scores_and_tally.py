"""Fill what 0002 added: members' addresses, scores beside applications, and the tally of states."""

from django.db import migrations
from django.utils.text import slugify

SCORES = """
UPDATE members_review AS review SET score = weighed.score
FROM (
    SELECT one.review_id, sum(one.value * criterion.weight)::float8 / sum(criterion.weight) AS score
    FROM members_score AS one JOIN members_criterion AS criterion ON criterion.id = one.criterion_id
    GROUP BY one.review_id
) AS weighed
WHERE weighed.review_id = review.id;

UPDATE members_application AS application
SET review_count = summed.reviews, score = summed.score, spread = summed.spread
FROM (
    SELECT application_id, count(*) AS reviews, avg(score) AS score, max(score) - min(score) AS spread
    FROM members_review GROUP BY application_id
) AS summed
WHERE summed.application_id = application.id;
"""

TALLY = """
INSERT INTO members_statetally (state, change)
SELECT state, count(*) FROM members_application GROUP BY state;

CREATE FUNCTION members_tally_states() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO members_statetally (state, change) SELECT state, count(*) FROM came GROUP BY state;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO members_statetally (state, change) SELECT state, -count(*) FROM gone GROUP BY state;
    ELSE
        INSERT INTO members_statetally (state, change)
        SELECT state, sum(one)
        FROM (SELECT state, 1 AS one FROM came UNION ALL SELECT state, -1 FROM gone) AS both_
        GROUP BY state HAVING sum(one) <> 0;
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER members_tally_inserted AFTER INSERT ON members_application
REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION members_tally_states();
CREATE TRIGGER members_tally_updated AFTER UPDATE ON members_application
REFERENCING NEW TABLE AS came OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION members_tally_states();
CREATE TRIGGER members_tally_deleted AFTER DELETE ON members_application
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION members_tally_states();
"""
NO_TALLY = """
DROP FUNCTION members_tally_states() CASCADE;
DELETE FROM members_statetally;
"""


def give_slugs(apps, schema_editor) -> None:
    """The name, and a number where the name is taken."""
    taken = set()
    for member in apps.get_model("members", "Member").objects.select_related("user").order_by("pk"):
        base = slugify(member.user.name, allow_unicode=True)[:120] or "member"
        slug, number = base, 1
        while slug in taken:
            number += 1
            slug = f"{base}-{number}"
        taken.add(slug)
        member.slug = slug
        member.save(update_fields=["slug"])


class Migration(migrations.Migration):
    dependencies = [("members", "0002_waiting_list_and_seats")]
    operations = [
        migrations.RunPython(give_slugs, migrations.RunPython.noop),
        migrations.RunSQL(SCORES, migrations.RunSQL.noop),
        migrations.RunSQL(TALLY, NO_TALLY),
    ]
