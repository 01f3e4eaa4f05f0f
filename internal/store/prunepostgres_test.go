//go:build integration

package store

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/proof/servertest"
)

// TestReplicasPruneTogether has two replicas delete the same old changes while a third takes events
// of the same slots: nothing fails or waits for ever, and what is needed stays.
func TestReplicasPruneTogether(t *testing.T) {
	where := database(t, servertest.PostgreSQL(t).URL)
	var replicas [3]*Store
	for i := range replicas {
		s, err := Open(t.Context(), where)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		replicas[i] = s
	}
	for i := range 600 {
		e := deployOf(fmt.Sprint("service", i%5), fmt.Sprint("v", i), 1)
		e.At = at(1).Add(time.Duration(i) * time.Second)
		if _, err := replicas[0].AcceptUnwatched(t.Context(), admitted(e), nil, e.At); err != nil {
			t.Fatal(err)
		}
	}
	var g errgroup.Group
	var pruned [2]Pruned
	for i := range pruned {
		g.Go(func() (err error) {
			pruned[i], err = replicas[i].Prune(t.Context(), Ages{Before: at(40)})
			return err
		})
	}
	g.Go(func() error {
		for i := range 50 {
			e := deployOf(fmt.Sprint("service", i%5), fmt.Sprint("new", i), 50)
			e.At = e.At.Add(time.Duration(i) * time.Second)
			if _, err := replicas[2].AcceptUnwatched(t.Context(), admitted(e), nil, e.At); err != nil {
				return err
			}
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := pruned[0].Changes + pruned[1].Changes; n < 500 || n > 550 {
		t.Errorf("deleted %+v and %+v", pruned[0], pruned[1])
	}
	for i := range 5 {
		found, err := replicas[0].Changes(t.Context(), ChangeFilter{Service: fmt.Sprint("service", i), Limit: 100})
		if err != nil || len(found) < keptBefore || found[0].SupersededBy != "" {
			t.Errorf("service%d has %d changes, %v", i, len(found), err)
		}
	}
}
