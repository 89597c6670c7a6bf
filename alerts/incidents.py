"""From samples to cards: evaluates the rules, opens and ends incidents, and returns the cards to post.

One worker watches at a time: all writes carry the token of its duty. A card is posted again until it is noted as
posted. Its message id is made from its incident, so a worker that dies neither loses nor repeats a card.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Now

from alerts import rules
from alerts.cards import card, card_of_many, condition_text
from alerts.feeders import feeder
from alerts.models import AlertDuty, AlertRule, Incident, RuleState
from alerts.rules import Condition, Fired, Heard, Resolved, Watched
from boards.models import Board
from realtime.models import Process
from realtime.process import DEAD_AFTER
from realtime.storage import clock
from streams import leases
from streams.history import Point, Wanted, history_of
from streams.history import gap as gap_of
from streams.models import ProducerLease, Sample, Stream

#: A fixed random namespace: with the incident's number it gives the id of the card.
CARDS: Final = UUID("6f0f6f0c-3c0e-4b57-9d5f-0b6c7a0a4f11")
#: A sample may take this long to reach the database.
LAG: Final = timedelta(seconds=2)
#: How many samples of a rule one round reads.
SAMPLES: Final = 2_000
#: A firing incident's card is updated after this time, or after this share of the time that it has fired, if longer.
REFRESH: Final = timedelta(seconds=15)
REFRESH_PART: Final = 20
#: When a room has refused a card: how long until the next try, and how long after the incident's end to give up.
RETRY: Final = timedelta(seconds=10)
GIVE_UP: Final = timedelta(days=1)
#: How many points a card's chart has.
POINTS: Final = 60


# The duty


def hold(holder: str) -> int | None:
    """Renew or take the duty and return its token. None when another worker has it, or when there is nothing to do."""
    clock.measure()
    to_do = Incident.objects.filter(Q(until=None) | Q(told__lt=F("version"), told_with=None))
    if not (AlertRule.objects.filter(enabled=True).exists() or to_do.exists()):
        return None
    AlertDuty.objects.get_or_create(pk=1, defaults={"expires_at": Now() - timedelta(seconds=1)})
    duty, until = AlertDuty.objects.filter(pk=1), Now() + timedelta(seconds=leases.HOLD)
    if not duty.filter(holder=holder).update(expires_at=until):
        duty.filter(expires_at__lte=Now()).update(token=F("token") + 1, holder=holder, expires_at=until)
    return duty.filter(holder=holder).values_list("token", flat=True).first()


def release(holder: str) -> None:
    AlertDuty.objects.filter(holder=holder).update(holder="", expires_at=Now())


# Evaluating


def evaluate(token: int, now: datetime) -> bool:
    """Evaluate all rules up to `now`. Return False, with nothing written, when another worker has taken the duty."""
    watched, taking = _heard(now)
    produced = set(ProducerLease.objects.values_list("stream", flat=True))
    watches = [
        _Watch(rule, incident, now, watched if rule.stream_id in produced else taking)
        for rule, incident in _watched_rules()
    ]
    for watch in watches:
        watch.look()
    with transaction.atomic():
        # Locks the row: a worker that takes the duty over waits for this transaction, and then reads what it wrote.
        if not AlertDuty.objects.filter(pk=1, token=token).update(
            watched_since=watched.since,
            watched_until=watched.until,
            taking_since=taking.since,
            taking_until=taking.until,
        ):
            return False
        for watch in watches:
            watch.save()
        unwatched = Incident.objects.filter(Q(rule=None) | Q(rule__enabled=False), until=None)
        changed = [*unwatched, *(each for watch in watches for each in watch.changed)]
        unwatched.update(until=now, withdrawn=True, version=F("version") + 1, changed_at=now)
        told_with = {each.told_with_id for each in changed if each.told_with_id}
        Incident.objects.filter(pk__in=told_with).update(version=F("version") + 1, changed_at=now)
    return True


def _heard(now: datetime) -> tuple[Heard, Heard]:
    """Return since when, without a break, we could notice produced values and pushed values.

    We notice nothing while no worker runs or reaches the database. Pushes also need a running server.
    """
    duty = AlertDuty.objects.get(pk=1)
    watched = Heard(duty.watched_since, duty.watched_until).go_on(now, timedelta(seconds=leases.HOLD))
    taking = Heard(duty.taking_since, duty.taking_until)
    servers = Process.objects.all()
    seen = servers.filter(leaving=False).aggregate(newest=Max("seen_at"))["newest"] if servers.exists() else now
    if seen is not None:
        taking = taking.go_on(min(seen, now), timedelta(seconds=DEAD_AFTER))
    if watched.since and (taking.since is None or watched.since > taking.since):
        taking = Heard(watched.since, taking.until)
    return watched, taking


def _watched_rules() -> Iterator[tuple[AlertRule, Incident | None]]:
    watched = list(AlertRule.objects.filter(enabled=True).select_related("stream", "state"))
    incidents = {each.rule_id: each for each in Incident.objects.filter(until=None, rule__in=watched)}
    for rule in watched:
        yield rule, incidents.get(rule.pk)


class _Watch:
    """One rule in one round: `look` reads and computes, `save` stores the result."""

    def __init__(self, rule: AlertRule, incident: Incident | None, now: datetime, heard: Heard) -> None:
        self.rule, self.incident, self.now, self.heard = rule, incident, now, heard
        known: RuleState | None = getattr(rule, "state", None)
        self.is_new = known is None or known.version != rule.version
        self.state = RuleState(rule=rule, version=rule.version) if known is None or self.is_new else known
        self.watched = Watched(incident is not None, self.state.bad_since, self.state.fine_since)
        self.changed: list[Incident] = []
        self.moved = self.is_new

    def look(self) -> None:
        """Apply the new samples to the rule, then the time that has passed since."""
        values = list(self._fresh_values())
        for pk, at, value in values:
            self._wait(at)
            self.watched = rules.see(self.rule.terms, self.watched, at, value)
            self.state.sample, self.state.at, self.state.value = pk, at, value
            self.moved = True
        # When more samples wait, only up to the last one read.
        self._wait(values[-1][1] if len(values) == SAMPLES else self._known_until() - LAG)
        self._refresh()

    def _fresh_values(self) -> Iterator[tuple[int, datetime, Any]]:
        stream, seen = self.rule.stream, self.state.at
        if self.rule.condition == Condition.SILENT:
            at = stream.at or self.rule.made_at
            if seen is None or at > seen:
                yield 0, at, stream.value if stream.kind in (Stream.Kind.NUMBER, Stream.Kind.STATUS) else None
            return
        samples = Sample.objects.filter(stream=stream)
        if seen is None:
            # A new rule ignores the past, except for the value that the stream has at its start.
            since, columns = self.rule.made_at, ("pk", "at", "value")
            there = list(samples.filter(at__lte=since).order_by("-at", "-pk").values_list(*columns)[:1])
            later = samples.filter(at__gt=since).order_by("at", "pk").values_list(*columns)
            yield from [*there, *later[: SAMPLES - len(there)]]
            return
        fresh = samples.filter(at__gte=seen).exclude(at=seen, pk__lte=self.state.sample).order_by("at", "pk")
        yield from fresh.values_list("pk", "at", "value")[:SAMPLES]

    def _known_until(self) -> datetime:
        is_silence = self.rule.condition == Condition.SILENT
        return min(self.now, self.heard.until or self.now) if is_silence else self.now

    def _wait(self, until: datetime) -> None:
        for watched, transition in rules.pass_time(self.rule.terms, self.watched, until, self.heard.since):
            self.watched, self.moved = watched, True
            if isinstance(transition, Fired):
                self._open(transition)
            elif isinstance(transition, Resolved) and self.incident is not None:
                self.incident.until = transition.until
                self._change(self.incident)
                self.incident = None

    def _open(self, fired: Fired) -> None:
        self.incident = Incident(
            rule=self.rule,
            about=_about(self.rule),
            room=self.rule.room,
            since=fired.since,
            fired_at=fired.at,
            value=self.state.value,
            feeder=feeder(self.rule.stream) if self.rule.condition == Condition.SILENT else "",
            version=0,
        )
        self._change(self.incident)

    def _refresh(self) -> None:
        """Update the card of a firing incident with the newest value: less and less often as it goes on."""
        incident = self.incident
        if incident is None or incident.value == self.state.value or incident in self.changed:
            return
        if self.now - incident.changed_at >= max(REFRESH, (self.now - incident.since) / REFRESH_PART):
            self._change(incident)

    def _change(self, incident: Incident) -> None:
        incident.value, incident.changed_at = self.state.value, self.now
        incident.version += 1
        if not any(incident is each for each in self.changed):
            self.changed.append(incident)

    def save(self) -> None:
        if self.moved:
            self.state.bad_since, self.state.fine_since = self.watched.bad_since, self.watched.fine_since
            self.state.save()
        # Save the ended one first: a rule may have only one open incident.
        for incident in self.changed:
            if incident.pk is None and incident.feeder:
                incident.told_with = self._same_outage(incident)
            incident.save()

    def _same_outage(self, incident: Incident) -> Incident | None:
        """Return the incident whose card already covers this outage: same feeder, and begun at the same time."""
        open_ones = Incident.objects.filter(until=None, feeder=incident.feeder, room=incident.room)
        for other in open_ones.select_related("told_with").order_by("pk"):
            apart = max(self.rule.hold, other.about.get("hold") or 0)
            if abs(other.since - incident.since) <= timedelta(seconds=apart):
                return other.told_with or other
        return None


def _about(rule: AlertRule) -> dict[str, Any]:
    stream = rule.stream
    board = Board.objects.filter(widgets__streams=stream).values("slug", "title").first()
    return {
        "stream": stream.slug,
        "title": str(stream),
        "unit": stream.unit,
        "condition": condition_text(rule.condition, rule.limit, stream.unit, rule.terms.hold),
        "when": rule.condition,
        "hold": rule.hold,
        "limit": rule.limit,
        "severity": rule.severity,
        "board": board,
    }


# Posting


def to_tell(now: datetime) -> list[tuple[Incident, str, dict[str, Any]]]:
    """Return the incidents whose cards are out of date, each with its new card."""
    late = Q(tried_at=None) | Q(tried_at__lt=now - RETRY)
    recent = Q(until=None) | Q(until__gt=now - GIVE_UP) | Q(changed_at__gt=now - GIVE_UP)
    incidents = Incident.objects.filter(late, recent, told_with=None, told__lt=F("version")).order_by("pk")
    return [(each, *_card(each, now)) for each in incidents.select_related("rule__stream").prefetch_related("others")]


def _card(incident: Incident, now: datetime) -> tuple[str, dict[str, Any]]:
    if others := list(incident.others.all()):
        together = sorted([incident, *others], key=attrgetter("pk"))
        return card_of_many(together, incident.feeder, incident.version)
    points: list[Point] = []
    gap: float | None = None
    if incident.rule is not None and incident.rule.stream.kind == Stream.Kind.NUMBER:
        end = now if incident.until is None else min(now, incident.until + (incident.until - incident.since) / 3)
        length = min(max(2 * (end - incident.since), timedelta(minutes=10)), timedelta(days=1))
        stream, wanted = incident.rule.stream, Wanted(POINTS, int(length.total_seconds()))
        points = history_of({stream.pk: wanted}, end)[stream.pk]
        gap = gap_of(stream, wanted, points)
    return card(
        incident.about,
        since=incident.since,
        fired_at=incident.fired_at,
        until=incident.until,
        withdrawn=incident.withdrawn,
        value=incident.value,
        points=points,
        gap=gap,
        version=incident.version,
    )


def card_id(incident: Incident) -> UUID:
    return uuid5(CARDS, str(incident.pk))


def note_told(incident: Incident) -> None:
    """Note that the room shows this version of `incident`, or a newer one."""
    Incident.objects.filter(pk=incident.pk, told__lt=incident.version).update(told=incident.version)
    Incident.objects.filter(pk=incident.pk).update(tried_at=None, trouble="")


def note_trouble(incident: Incident, reason: str, now: datetime) -> None:
    Incident.objects.filter(pk=incident.pk).update(tried_at=now, trouble=reason[:200])
