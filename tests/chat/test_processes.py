"""State that processes share, on both databases: the log of a room, and seats in roulette."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from harness.launcher import ROOT, Launcher
from harness.servers import Manage, PostgreSQL

pytestmark = pytest.mark.system

#: Another folder for a service, and its PostgreSQL.
Folder = Callable[[str], Path]
PROCESSES = 3
SET_UP = """
from accounts.models import User
from chat.models import Room
Room.objects.create(slug="kitchen", name="kitchen", guests=True)
for number in range(12):
    User.objects.create_user(f"user-{number}")
"""
#: Each process sends 60 messages of its own, and 20 that all processes send, in batches over two threads.
WRITE = """
import json, threading, uuid
from accounts.models import User
from chat.log import changes, store
from chat.models import Room
from chat.log.changes import Post
from django.db import connections

room, process = Room.objects.get(slug="kitchen"), {process}
own = [Post(room.pk, User.objects.get(username="user-%d" % process).pk, uuid.uuid4(), "own", "") for _ in range(60)]
shared_by = User.objects.get(username="user-9")
shared = [Post(room.pk, shared_by.pk, uuid.UUID(int=number), "shared", "") for number in range(20)]
acks, told = [], []

def write(part):
    for start in range(0, 30, 3):
        result = store.apply(part[start:start + 3] + shared[start // 3 * 2:start // 3 * 2 + 2])
        acks.extend([each.rev, each.seq, each.duplicate] for each in result.outcomes)
        told.extend(each.number for each in result.publications)
    connections.close_all()

threads = [threading.Thread(target=write, args=(own[half::2],)) for half in (0, 1)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps([acks, told]))
"""
#: Four people of each process search, each in a thread of its own, until they are paired.
SEARCH = """
import json, threading, time
from accounts.models import User
from roulette.pairing import look, take_seat
from django.db import connections

problems = []

def search(user):
    try:
        take_seat.__wrapped__(user.pk, user.username, [])
        deadline = time.monotonic() + 60
        while look.__wrapped__(user.pk, user.username).state != "talking":
            assert time.monotonic() < deadline, "nobody is left"
    except Exception as error:
        problems.append(repr(error))
    finally:
        connections.close_all()

users = User.objects.filter(username__in=["user-%d" % number for number in range({process} * 4, {process} * 4 + 4)])
threads = [threading.Thread(target=search, args=(user,)) for user in users]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps(problems))
"""
#: The people of all processes open the direct rooms of all pairs, each pair from both sides at once.
OPEN = """
import itertools, json, threading
from accounts.models import User
from chat.rooms.direct import open_direct
from django.db import connections

users = list(User.objects.order_by("pk")[:6])
problems = []

def opens(mine):
    for one, other in itertools.combinations(users, 2):
        me, you = (one, other) if mine else (other, one)
        try:
            open_direct(me, [you.pk])
        except Exception as error:
            problems.append(repr(error))
    connections.close_all()

threads = [threading.Thread(target=opens, args=(mine,)) for mine in (True, False)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps(problems))
"""
#: The query plan for a few messages among thousands, with outdated statistics.
LOOK_UP = """
import uuid
from accounts.models import User
from chat.models import Message, Room
from chat.log import changes, store
from django.db import connection
from django.test.utils import CaptureQueriesContext
from realtime.storage import bulk

room, user = Room.objects.get(slug="kitchen"), User.objects.get(username="user-0")
for _ in range(10):
    store.apply([changes.Post(room.pk, user.pk, uuid.uuid4(), "word", "") for _ in range(500)])
with CaptureQueriesContext(connection) as queries:
    keys = [(room.pk, seq) for seq in (7, 4000)]
    assert len(bulk.find(Message, ("room", "seq"), keys, give=("id",))) == 2
with connection.cursor() as cursor:
    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    cursor.execute(explain + queries[0]["sql"])
    print(cursor.fetchall())
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, launcher: Launcher) -> Manage:
    """A site with its database, on which processes run code."""
    settings = on_postgresql(request.getfixturevalue("postgresql")) if request.param == "postgresql" else {}
    made = Manage(launcher, request.param, settings)
    made.manage("migrate", "--verbosity", "0")
    made.shell(SET_UP)
    return made


def on_postgresql(postgresql: PostgreSQL) -> dict[str, str]:
    return {
        "SECRET_KEY": "a key of fifty characters that only this test knows",
        "ALLOWED_HOSTS": "localhost,testserver",
        "DATABASE_URL": postgresql.create_database("processes"),
        "HTTPS": "0",
    }


def side_by_side(site: Manage, code: str) -> list[Any]:
    """Run `code` in several processes at once; return what each prints."""
    with ThreadPoolExecutor(PROCESSES) as pool:
        printed = pool.map(lambda process: site.shell(code.replace("{process}", str(process))), range(PROCESSES))
        return [json.loads(each.splitlines()[-1]) for each in printed]


def test_processes_that_write_to_one_room_leave_no_gap_and_double_nothing(site: Manage) -> None:
    done = side_by_side(site, WRITE)
    count = PROCESSES * 60 + 20
    new = [(rev, seq) for acks, _ in done for rev, seq, duplicate in acks if not duplicate]
    assert sorted(new) == [(number, number) for number in range(1, count + 1)]
    assert sorted(number for _, told in done for number in told) == list(range(1, count + 1)), "each is told once"
    code = "from chat.models import *; room = Room.objects.get(slug='kitchen'); "
    code += "print(room.rev, room.seq, *room.messages.order_by('seq').values_list('seq', flat=True))"
    assert site.shell(code).split() == [str(number) for number in (count, count, *range(1, count + 1))]


def test_a_few_rows_are_looked_up_by_index_whatever_the_planner_believes(site: Manage) -> None:
    plan = site.shell(LOOK_UP)
    assert "SEARCH chat_message USING" in plan or "Index" in plan, plan
    assert "Seq Scan" not in plan, plan


def test_processes_pair_their_people_without_overlap(site: Manage) -> None:
    assert side_by_side(site, SEARCH) == [[]] * PROCESSES
    code = "from chat.models import Room; from roulette.models import Seat; "
    code += "print(*Seat.objects.values_list('room__slug', flat=True)); "
    code += "print(Room.objects.filter(kind='roulette').count())"
    rooms, count = site.shell(code).splitlines()
    assert sorted(Counter(rooms.split()).values()) == [2] * 6
    assert count == "6"


def test_processes_that_open_the_same_direct_rooms_make_one_for_each_pair(site: Manage) -> None:
    assert side_by_side(site, OPEN) == [[]] * PROCESSES
    code = "from chat.models import Membership, Room; print(Room.objects.filter(kind='direct').count(), "
    code += "Membership.objects.filter(room__kind='direct').count())"
    assert site.shell(code).split() == ["15", "30"]


@pytest.mark.timeout(600)  # ninety tests
def test_what_holds_on_sqlite_holds_on_postgresql(postgresql: PostgreSQL, launcher: Launcher) -> None:
    """Runs the tests of row locks again on the other database."""
    site = Manage(launcher, "again", {**on_postgresql(postgresql), "DATABASE_POOL": "20"})
    site.manage("collectstatic", "--noinput", "--verbosity", "0")  # for the pages that some of them render
    # The database ends with its server: dropping it would fail if the pool has just opened a connection to it.
    names = ["chat/log/test_store", "chat/log/test_store_races", "chat/presence/test_connections"]
    names += ["roulette/test_pairing", "roulette/test_pairing_races", "roulette/test_roulette"]
    tests = [f"tests/{name}.py" for name in ("realtime/storage/test_bulk", *names)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--reuse-db", *tests],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:]
