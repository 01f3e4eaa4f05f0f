package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// maxIdleTransaction is how long a transaction may do nothing. It is shorter than a
// replica's lease, so that whoever takes over finds no locks.
const maxIdleTransaction = ReplicaLease / 3

// tracer is set by tests that collect all statements.
var tracer pgx.QueryTracer

// openPostgres opens the database; prepare runs on each new connection, nil for nothing.
func openPostgres(ctx context.Context, url string, prepare func(context.Context, *pgx.Conn) error) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database's address: %w", err)
	}
	if strings.Contains(config.ConnConfig.Host, "@") {
		return nil, errors.New("read the database's address: its password has an @ that must be written as %40")
	}
	// With synchronous_commit off, the server would confirm a commit before it is
	// on disk, and a 2xx of ours could be lost.
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	// A replica that is frozen within a transaction holds its locks, on a slot or on the
	// journal, and the others would wait for as long as it is frozen.
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = strconv.FormatInt(maxIdleTransaction.Milliseconds(), 10)
	config.ConnConfig.Tracer = tracer
	config.AfterConnect = prepare
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	few := config.Copy()
	few.MaxConns, few.MinConns = reservedConnections, 0
	reserved, err := pgxpool.NewWithConfig(ctx, few)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	closePools := func() error {
		pool.Close()
		reserved.Close()
		return nil
	}
	return &Store{dialect: Postgres, write: db, read: db, reserved: stdlib.OpenDBFromPool(reserved), release: closePools}, nil
}

// reservedConnections are for the groups of intake, one at a time, and for the two loops
// of planning.
const reservedConnections = 3

// refuseWrites makes a connection refuse to write.
func refuseWrites(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, `SET default_transaction_read_only = on`)
	return err
}
