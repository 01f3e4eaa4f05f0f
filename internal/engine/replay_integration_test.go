//go:build integration

package engine

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pushback/pushback/internal/proof/servertest"
)

// TestEveryVerdictIsJudgedAgainOnPostgres is the mixed run on PostgreSQL.
func TestEveryVerdictIsJudgedAgainOnPostgres(t *testing.T) {
	server := servertest.PostgreSQL(t).URL
	conn, err := pgx.Connect(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for seed := range uint64(3) {
		name := fmt.Sprintf("replay%d", seed)
		if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
			t.Fatal(err)
		}
		own, err := url.Parse(server)
		if err != nil {
			t.Fatal(err)
		}
		own.Path = "/" + name
		t.Run(fmt.Sprint(seed), func(t *testing.T) { mixedRun(t, seed+10, own.String()) })
	}
}
