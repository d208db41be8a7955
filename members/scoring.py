"""What the reviews of an application come to, kept beside it so that thousands can be sorted by it."""

from __future__ import annotations

from django.db import connection, transaction

DISAGREEMENT = 1.5  # between the kindest and the harshest mean: they saw different people, so talk about it

# A review's score is the mean of its values by the criteria's weights; an application's is the mean of its
# reviews'. In SQL, so that a changed weight costs two statements and not two for each application.
REVIEWS = """
UPDATE members_review AS review SET score = weighed.score
FROM (
    SELECT one.id,
           CASE WHEN one.abstained THEN NULL
                ELSE sum(score.value * criterion.weight)::float8 / NULLIF(sum(criterion.weight), 0)
           END AS score
    FROM members_review AS one
    LEFT JOIN members_score AS score ON score.review_id = one.id
    LEFT JOIN members_criterion AS criterion ON criterion.id = score.criterion_id
    {which}
    GROUP BY one.id
) AS weighed
WHERE weighed.id = review.id AND review.score IS DISTINCT FROM weighed.score
"""
APPLICATIONS = """
UPDATE members_application AS application
SET review_count = summed.reviews, score = summed.score, spread = summed.spread
FROM (
    SELECT one.id, count(review.id) FILTER (WHERE NOT review.abstained) AS reviews,
           avg(review.score) AS score, max(review.score) - min(review.score) AS spread
    FROM members_application AS one
    LEFT JOIN members_review AS review ON review.application_id = one.id
    {which}
    GROUP BY one.id
) AS summed
WHERE summed.id = application.id
  AND (application.review_count, application.score, application.spread)
      IS DISTINCT FROM (summed.reviews, summed.score, summed.spread)
"""
REVIEWED = """
SELECT 1 FROM members_application
WHERE id IN (SELECT application_id FROM members_review) ORDER BY id FOR UPDATE
"""


def rescore(application_id: int) -> None:
    """Bring one application's score, spread and number of reviews up to date; the caller has locked it."""
    with connection.cursor() as cursor:
        cursor.execute(REVIEWS.format(which="WHERE one.application_id = %s"), [application_id])
        cursor.execute(APPLICATIONS.format(which="WHERE one.id = %s"), [application_id])


def hold_weights() -> set[int]:
    """Keep the criteria and their weights as they are until the transaction ends; call it before other locks.

    Who changes a weight waits for the reviews under way, and the next ones wait for the new weight: no score
    is left at the old one. Returns the criteria's keys.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM members_criterion ORDER BY id FOR SHARE")
        return {key for (key,) in cursor.fetchall()}


@transaction.atomic
def rescore_all() -> None:
    """The same for every application: after a criterion or its weight has changed."""
    with connection.cursor() as cursor:
        # All of them first, in one order: whoever holds one of them may want its reviews next.
        cursor.execute(REVIEWED)
        cursor.execute(REVIEWS.format(which=""))
        cursor.execute(APPLICATIONS.format(which=""))


def disagree(spread: float | None) -> bool:
    """Whether the reviews differ so much that the reviewers should talk. `spread`: in points, or None."""
    return spread is not None and spread >= DISAGREEMENT
