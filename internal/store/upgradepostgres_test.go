//go:build integration

package store

import (
	"testing"

	"github.com/pushback/pushback/internal/proof/servertest"
)

func TestUpgradeAndBackPostgres(t *testing.T) {
	server := servertest.PostgreSQL(t).URL
	for _, r := range releases(t) {
		upgradeAndBack(t, r, func() *Store {
			s, err := openPostgres(t.Context(), database(t, server), nil)
			if err != nil {
				t.Fatal(err)
			}
			return s
		})
	}
}
