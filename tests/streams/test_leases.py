import json

import pytest
from django.db.models.functions import Now

from streams import leases, store
from streams.models import ProducerLease, Stream
from tests.streams_and_boards import START, produced_stream, reading

pytestmark = pytest.mark.django_db


def expire(stream: Stream) -> None:
    ProducerLease.objects.filter(stream=stream).update(expires_at=START)


def test_a_free_lease_is_taken_with_a_new_token() -> None:
    cpu = produced_stream()
    assert leases.hold("ada", [cpu.pk]) == {cpu.pk: 1}
    cpu.refresh_from_db()
    assert cpu.fence == 1


def test_a_held_lease_is_renewed_with_the_same_token() -> None:
    cpu = produced_stream()
    leases.hold("ada", [cpu.pk])
    expire(cpu)
    assert leases.hold("ada", [cpu.pk]) == {cpu.pk: 1}
    assert ProducerLease.objects.filter(expires_at__gt=Now()).exists()


def test_a_lease_that_another_holds_is_left_to_them() -> None:
    cpu, disk = produced_stream("cpu"), produced_stream("disk")
    leases.hold("ada", [cpu.pk])
    assert leases.hold("bo", [cpu.pk, disk.pk]) == {disk.pk: 1}


def test_a_takeover_continues_the_seq_and_shuts_the_former_holder_out() -> None:
    cpu = produced_stream()
    old = leases.hold("ada", [cpu.pk])[cpu.pk]
    store.record([reading(cpu, 1, token=old)])
    expire(cpu)
    new = leases.hold("bo", [cpu.pk])[cpu.pk]
    assert new == old + 1
    assert store.record([reading(cpu, 2, token=old)]).lost == {cpu.pk}
    (publication,) = store.record([reading(cpu, 3, token=new)]).publications
    assert publication.number == 2
    assert leases.hold("ada", [cpu.pk]) == {}


def test_a_released_lease_is_taken_at_once() -> None:
    cpu = produced_stream()
    leases.hold("ada", [cpu.pk])
    leases.release("ada")
    assert leases.hold("bo", [cpu.pk]) == {cpu.pk: 2}


def test_streams_without_a_holder_are_marked_and_told_of_once() -> None:
    cpu, disk, pushed = produced_stream("cpu"), produced_stream("disk"), Stream.objects.create(slug="orders")
    tokens = leases.hold("ada", [cpu.pk, disk.pk])
    store.record([reading(cpu, 41, token=tokens[cpu.pk]), reading(disk, 70, token=tokens[disk.pk])])
    assert leases.mark_orphans() == []
    expire(cpu)
    (publication,) = leases.mark_orphans()
    assert json.loads(publication.text)["streams"]["cpu"]["state"] == "unknown"
    assert leases.mark_orphans() == []
    pushed.refresh_from_db()
    assert pushed.state == "ok"


def test_every_run_of_a_worker_has_a_name_of_its_own() -> None:
    assert leases.new_holder() != leases.new_holder()
    assert len(leases.new_holder()) <= 100
