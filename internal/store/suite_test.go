package store

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// suite runs on both databases, because every statement must have the same
// effect on each.
var suite = []struct {
	name string
	run  func(*testing.T, *Store)
}{
	{"a duplicate changes nothing", duplicateChangesNothing},
	{"a later status is stored", laterStatusIsNews},
	{"an event is known once it is stored", eventsAreKnown},
	{"two tools, one change", twoToolsOneChange},
	{"two changes stay apart", twoChangesAfterAll},
	{"a thousand at once, none lost", thousandAtOnce},
	{"one change raced by two tools", racedByTwoTools},
	{"a bad event leaves its group alone", badEventSparesNeighbours},
	{"a group costs a few statements", aGroupCostsAFewStatements},
	{"one group of everything", oneGroupOfEverything},
	{"one id in two slots", oneIDInTwoSlots},
	{"groups store what single events do", groupsAsSingles},
	{"a cancelled caller gets no success", cancelledCaller},
	{"a newer change supersedes or suspends", newerChange},
	{"events of a slot in any order", slotInAnyOrder},
	{"flags of one service", flagsOfOneService},
	{"one name of two flags", oneNameTwoFlags},
	{"slots of an older database", slotsOfOlderDatabase},
	{"finding changes", findingChanges},
	{"an exact key wins", anExactKeyWins},
	{"filtered changes", filteredChanges},
	{"searched changes", searchedChanges},
	{"searches go on", searchesGoOn},
	{"states of changes", statesOfChanges},
	{"different names", differentNames},
	{"search of an older database", searchOfOlderDatabase},
	{"overlapping changes of every kind", overlappingKinds},
	{"counted watches", countedWatches},
	{"open changes", openChanges},
	{"changes of a version", changesOfVersion},
	{"many at once", manyAtOnce},
	{"sent messages", sentMessages},
	{"a renewed lease", renewedLease},
	{"predecessor", predecessorOf},
	{"the last version", lastVersion},
	{"concurrent changes", concurrentChanges},
	{"bad windows", badWindows},
	{"good changes", goodChanges},
	{"earlier changes of a version", earlierOfVersion},
	{"the stronger mark stays", strongerMarkStays},
	{"an incident clears", incidentClears},
	{"a person's name is no incident", aNameIsNoIncident},
	{"only the rule that found it clears", onlyItsRuleClears},
	{"marks of echoes in an older database", marksOfEchoes},
	{"a fleet hold clears", fleetHoldClears},
	{"false alarms clear", falseAlarmsClear},
	{"what had the same baseline is cleared", sameBaselineIsCleared},
	{"a bad version was live until it was rolled back", rolledBackWindow},
	{"bad versions of an older database", badVersionsOfOlderDatabase},
	{"incidents", incidents},
	{"incidents that go on", openIncidents},
	{"finding orders", findingOrders},
	{"past holds", pastHolds},
	{"finding entries of the journal", findingEntries},
	{"checks of the journal", journalChecks},
	{"last fires of a rule", lastFires},
	{"last messages to receivers", lastSent},
	{"pruning keeps duplicates known", pruning},
	{"retention deletes", retentionDeletes},
	{"retention keeps what is needed", retentionKeeps},
	{"retention of quiet slots", retentionOfQuietSlots},
	{"retention and events that come again", eventsAgain},
	{"retention of messages", messagesGo},
	{"retention of the journal", journalByAge},
	{"retention of profiles", profilesGoWithTheJournal},
	{"retention of outcomes", outcomesGoWithTheJournal},
	{"sizes and growth", sizesAndGrowth},
	{"one order a change", oneOrderAChange},
	{"one claim an order", oneClaimAnOrder},
	{"claim against supersession", claimAgainstSupersession},
	{"order against supersession", orderAgainstSupersession},
	{"claims refused", whoMayNotClaim},
	{"finishing needs the claim", finishingNeedsTheClaim},
	{"verifying orders", verifyingOrders},
	{"moving orders", movingOrders},
	{"recent rollbacks", recentRollbacks},
	{"planning twice", planningTwice},
	{"plans are stored once and together", plansOnceAndTogether},
	{"unplanned changes by pages", unplannedByPages},
	{"an unwatched change is planned as it is stored", unwatchedIsPlanned},
	{"a watch moves once", watchMovesOnce},
	{"effects are stored with the move or not at all", effectsTogether},
	{"leases", leases},
	{"a lost lease records nothing", lostLeases},
	{"replicas", theReplicas},
	{"replicas that look", lookingReplicas},
	{"watches by share", sharedWatches},
	{"equal records are stored once", recordsReplace},
	{"looks come back as they were", looksComeBack},
	{"looks of two replicas at one watch", anotherReplicasLooks},
	{"records of an older version", recordsOfOlderVersion},
	{"a damaged record loses nothing else", damagedRecords},
	{"long details of the journal are packed", packedJournal},
	{"profiles", profiles},
	{"unused profiles", profilesUnused},
	{"replaced profiles", profilesReplaced},
	{"used profiles are marked once", profilesUsedOnce},
	{"profiles that the journal names", profilesJournaled},
	{"profiles of a journal of an older version", profilesOfOlderJournal},
	{"profiles of open watches", profilesOfOpenWatches},
	{"schedules", schedules},
	{"noted runs", notedRuns},
	{"live changes", liveChanges},
	{"messages are stored once", messagesOnce},
	{"messages have an order", messagesInOrder},
	{"orders tell their moves", ordersTellTheirMoves},
	{"replaced orders", replacedOrders},
	{"messages wait, and are spared", messagesWait},
	{"messages fold into one", messagesFold},
	{"messages fold at once", messagesFoldAtOnce},
	{"progress of orders", progressOfOrders},
	{"reports", reports},
	{"held deployments", protections},
	{"journal", journal},
	{"the last good rules", goodRules},
	{"the journal is append-only", journalIsSealed},
	{"the journal is chained", journalIsChained},
	{"the journal by time", journalByTime},
	{"moves of orders are recorded", movesAreRecorded},
	{"asking people", askingPeople},
	{"holds", holds},
	{"secrets", secrets},
	{"sessions", sessions},
	{"named tokens", namedTokens},
	{"named tokens are deleted when they are old", tokensPruned},
	{"deliveries are counted", countedDeliveries},
	{"refused bodies are kept", keptBodies},
	{"a restored database sends nothing again", restoredIsSettled},
	{"outcomes", outcomes},
	{"missed changes are marked bad", missedMarksBad},
	{"trust", trustKept},
}

func TestSQLite(t *testing.T) {
	r := recordStatements(t)
	var ran atomic.Int32
	t.Run("suite", func(t *testing.T) {
		for _, c := range suite {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				ran.Add(1)
				c.run(t, storetest.Open(t, Open))
			})
		}
	})
	if int(ran.Load()) == len(suite) { // and not only those that -run names
		r.checkMethods(t)
	}
	r.checkSQLite(t, storetest.Open(t, Open))
}

// openFile opens a SQLite store that is closed at the end of the test.
func openFile(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// at returns a minute of the tests' hour; now is the last one, after all events.
func at(minute int) time.Time { return time.Date(2026, 3, 1, 10, minute, 0, 0, time.UTC) }

var now = at(59)

// eventOf returns an event of change id. Its event id is made of the other values.
func eventOf(id, version string, status sources.Status, minute int) sources.Event {
	return sources.Event{
		Source: "ci", EventID: fmt.Sprintf("%s %s %d", id, status, minute), ChangeID: id, Status: status,
		At: at(minute), Service: "cart", Environment: "production", Kind: sources.Deploy, Version: version,
	}
}

func from(source string, e sources.Event) sources.Event {
	e.Source = source
	return e
}

// admitted is e as sources.Admit lets it in.
func admitted(e sources.Event) sources.Admitted {
	a, err := sources.Admit(e, nil, now)
	if err != nil {
		panic(err) // a mistake of the test
	}
	return a
}

// accept takes events and gives what became of the last.
func accept(t testing.TB, s *Store, events ...sources.Event) Accepted {
	t.Helper()
	var last Accepted
	for _, e := range events {
		var err error
		if last, err = s.Accept(t.Context(), admitted(e), []byte(`{"raw":true}`), now); err != nil {
			t.Fatal(err)
		}
	}
	return last
}

// reread returns the change as it is stored now.
func reread(t *testing.T, s *Store, c Change) Change {
	t.Helper()
	c, err := s.Change(t.Context(), c.Key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// orderFor returns a decided order as the engine makes it.
func orderFor(c Change) rollback.Order {
	return rollback.Order{
		Key: c.Key, Change: c.Change, Rule: "red", Hook: "deploy", Target: "v0", State: rollback.Decided,
		Epoch: c.Epoch, Evidence: []byte(`{}`), CreatedAt: now, Automatic: true,
	}
}

// created stores a succeeded change and its order.
func created(t *testing.T, s *Store) rollback.Order {
	t.Helper()
	c := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 10)).Change
	o, ok, err := s.CreateOrder(t.Context(), orderFor(c))
	if err != nil || !ok {
		t.Fatalf("created %v, %v", ok, err)
	}
	return o
}

// must returns a check that fails the test unless the compare-and-swap returned
// want.
func must(t *testing.T, want bool, what string) func(bool, error) {
	t.Helper()
	return func(got bool, err error) {
		t.Helper()
		if err != nil || got != want {
			t.Fatalf("%s: %v, %v; want %v", what, got, err, want)
		}
	}
}

// state returns the present state of an order.
func state(t *testing.T, s *Store, key string) rollback.State {
	t.Helper()
	o, err := s.Order(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return o.State
}
