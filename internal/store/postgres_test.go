//go:build integration

package store

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/proof/servertest"
)

func TestPostgres(t *testing.T) {
	server := servertest.PostgreSQL(t).URL
	for _, c := range suite {
		t.Run(c.name, func(t *testing.T) {
			s, err := Open(t.Context(), database(t, server))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			c.run(t, s)
		})
	}
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

// database creates an empty database that is dropped at the end of the test.
func database(t *testing.T, server string) string {
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
	run(t.Context(), `CREATE DATABASE `+name)
	t.Cleanup(func() { run(context.Background(), `DROP DATABASE `+name+` WITH (FORCE)`) })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
