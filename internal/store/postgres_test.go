//go:build integration

package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/sources"
)

func TestPostgres(t *testing.T) {
	server := servertest.PostgreSQL(t).URL
	migrated := migratedDatabase(t, server)
	r := recordPostgres(t)
	t.Run("suite", func(t *testing.T) { // returns when its parallel tests have ended
		for _, c := range suite {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.run(t, openDatabase(t, copyDatabase(t, server, migrated)))
			})
		}
	})
	r.checkMethods(t)
	r.checkPostgres(t, openDatabase(t, database(t, server)))
}

// openDatabase opens a store on PostgreSQL that is closed at the end of the test.
func openDatabase(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url)
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

// TestReplicasStartTogether opens one empty database several times at once, and
// accepts events of one slot through all of them.
func TestReplicasStartTogether(t *testing.T) {
	where := database(t, servertest.PostgreSQL(t).URL)
	var replicas [4]*Store
	var g errgroup.Group
	for i := range replicas {
		g.Go(func() (err error) {
			replicas[i], err = Open(t.Context(), where)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, s := range replicas {
		defer s.Close()
		g.Go(func() error {
			for minute := range 50 {
				if _, err := s.Accept(t.Context(), admitted(eventOf(rand.Text(), "v1", "started", minute)), nil, now); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	var top, changes int
	if err := replicas[0].read.QueryRowContext(t.Context(),
		`SELECT MAX(epoch), COUNT(*) FROM changes`).Scan(&top, &changes); err != nil || top != 200 || changes != 200 {
		t.Errorf("%d changes, epoch %d, %v: want 200 of each", changes, top, err)
	}
}

// TestReplicasPrepareTogether has several replicas prepare one new database at the same time, and
// then open it again.
func TestReplicasPrepareTogether(t *testing.T) {
	where := database(t, servertest.PostgreSQL(t).URL)
	for range 5 {
		var g errgroup.Group
		for range 8 {
			g.Go(func() error {
				s, err := Open(t.Context(), where)
				if err != nil {
					return err
				}
				return s.Close()
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReplicasPlanTogether has two replicas plan the same changes at the same time, in
// batches of different orders. Each change is planned by one of them, and neither waits
// for rows that the other, or intake, has locked.
func TestReplicasPlanTogether(t *testing.T) {
	where := database(t, servertest.PostgreSQL(t).URL)
	var replicas [2]*Store
	for i := range replicas {
		var err error
		if replicas[i], err = Open(t.Context(), where); err != nil {
			t.Fatal(err)
		}
		defer replicas[i].Close()
	}
	var plans []Plan
	for i := range 200 {
		e := eventOf(fmt.Sprint("c", i), "v1", sources.Succeeded, 5)
		e.Service = fmt.Sprint("service-", i)
		plans = append(plans, planOf(accept(t, replicas[0], e).Change, 1))
	}
	var g errgroup.Group
	var stored [2]int
	for i, s := range replicas {
		mine := slices.Clone(plans)
		if i == 1 {
			slices.Reverse(mine)
		}
		g.Go(func() error {
			for some := range slices.Chunk(mine, 7) {
				done, _, err := s.PlanChanges(t.Context(), some)
				if err != nil {
					return err
				}
				stored[i] += len(done)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	// What both found locked is left, and planned by whoever comes next.
	left, _, err := replicas[1].PlanChanges(t.Context(), plans)
	if total := stored[0] + stored[1] + len(left); err != nil || total != len(plans) {
		t.Errorf("%d and %d planned, %d left: %d of %d; %v", stored[0], stored[1], len(left), total, len(plans), err)
	}
}

// TestPlanningWaitsForNoLock plans two changes while another transaction has locked one.
func TestPlanningWaitsForNoLock(t *testing.T) {
	s, err := Open(t.Context(), database(t, servertest.PostgreSQL(t).URL))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	held := planOf(accept(t, s, eventOf("held", "v1", sources.Succeeded, 5)).Change, 1)
	free := planOf(accept(t, s, eventOf("free", "v2", sources.Succeeded, 6)).Change, 1)
	err = s.transact(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(t.Context(), `UPDATE changes SET standing = standing WHERE key = $1`, held.Change.Key); err != nil {
			return err
		}
		stored, locked, err := s.PlanChanges(t.Context(), []Plan{held, free})
		if locked != 1 || len(stored) != 1 || stored[0].Change.ID != "free" {
			t.Errorf("stored %d plans", len(stored))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantUnplanned(t, s, "held")
}

// migratedDatabase is the name of a database with empty tables that nobody is connected to.
func migratedDatabase(t testing.TB, server string) string {
	t.Helper()
	where := database(t, server)
	s, err := Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return where[strings.LastIndex(where, "/test_")+1 : strings.LastIndex(where, "?")]
}

// database creates an empty database that is dropped at the end of the test.
func database(t testing.TB, server string) string {
	t.Helper()
	return copyDatabase(t, server, "template1")
}

// copyDatabase is database with what another has.
func copyDatabase(t testing.TB, server, from string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	run := func(ctx context.Context, statement string) {
		conn, err := pgx.Connect(ctx, server)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Error(err)
		}
	}
	run(t.Context(), `CREATE DATABASE `+name+` TEMPLATE `+from)
	t.Cleanup(func() { run(context.Background(), `DROP DATABASE `+name+` WITH (FORCE)`) })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// TestFrozenInATransaction lets a replica stop within a transaction that holds the locks of
// an order and of the journal. The other replica must get them before it would take over.
func TestFrozenInATransaction(t *testing.T) {
	where := database(t, servertest.PostgreSQL(t).URL)
	frozen, err := Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer frozen.Close()
	other, err := Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	o := created(t, other)
	thaw, begun := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- frozen.transact(context.Background(), func(tx *sql.Tx) error {
			if err := appendEntries(context.Background(), tx, Entry{At: now, Actor: "frozen", Action: "test"}); err != nil {
				return err
			}
			_, err := tx.ExecContext(context.Background(), `UPDATE orders SET why = 'frozen' WHERE key = $1`, o.Key)
			close(begun)
			<-thaw
			return err
		})
	}()
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), ReplicaLease)
	defer cancel()
	must(t, true, "lease while another replica is frozen with locks")(other.LeaseOrder(ctx, o.Key, time.Hour))
	if err := other.Append(ctx, Entry{At: now, Actor: "other", Action: "test"}); err != nil {
		t.Errorf("the journal is locked: %v", err)
	}
	close(thaw)
	if err := <-ended; err == nil {
		t.Error("the frozen replica committed what it had begun")
	}
}

// TestReadOnPostgres reads beside the owner, and is refused every write.
func TestReadOnPostgres(t *testing.T) {
	where := database(t, servertest.PostgreSQL(t).URL)
	owner, err := Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	key := accept(t, owner, eventOf("c1", "v1", "succeeded", 1)).Change.Key
	s, err := OpenReadOnly(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Change(t.Context(), key); err != nil {
		t.Error(err)
	}
	if err := s.Append(t.Context(), Entry{Action: "test", At: now}); err == nil {
		t.Error("a store opened to be read takes writes")
	}
}
