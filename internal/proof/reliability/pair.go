package reliability

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// replicaCallTimeout is the time-out of the hooks of replicas. It is longer than a replica is
// frozen, so that only its lost lease keeps it from a late call, and than others need to
// take over.
const replicaCallTimeout = time.Minute

// pair is two replicas on one PostgreSQL database. A request goes to one of those that run.
type pair struct {
	both  [2]*daemon
	names [2]string
	admin string // url of the server's own database

	mu     sync.Mutex
	frozen [2]bool
	chance *rand.Rand
}

// pair makes a database, and two replicas that are not started.
func (w World) pair(ctx context.Context, name, binary string, services int, chance *rand.Rand) (*pair, error) {
	p := &pair{admin: w.Database, chance: chance}
	database := "lane_" + ascii(name)
	if err := p.sql(ctx, "CREATE DATABASE "+database); err != nil {
		return nil, fmt.Errorf("creating a database for %s: %w", name, err)
	}
	for i, letter := range []string{"a", "b"} {
		p.names[i] = name + "-" + letter
		at, err := url.Parse(w.Database)
		if err != nil {
			return nil, err
		}
		query := at.Query()
		query.Set("application_name", p.names[i])
		at.Path, at.RawQuery = "/"+database, query.Encode()
		settings := fmt.Sprintf("replica: %s\nstore: {url: %q}\n", p.names[i], at)
		w.CallTimeout = replicaCallTimeout
		if p.both[i], err = w.daemonIn(filepath.Join(w.Dir, p.names[i]), name, binary, services, settings); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// ascii is a name as an identifier of SQL.
func ascii(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c == '-' {
			b[i] = '_'
		}
	}
	return string(b)
}

// sql runs a statement on the server.
func (p *pair) sql(ctx context.Context, statement string, args ...any) error {
	conn, err := pgx.Connect(ctx, p.admin)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement, args...)
	return errors.Join(err, conn.Close(ctx))
}

// terminate ends the connections of a replica to the database.
func (p *pair) terminate(ctx context.Context, i int) error {
	return p.sql(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, p.names[i])
}

// ask asks one of the replicas that run and are not frozen.
func (p *pair) ask(ctx context.Context, method, path string, body, into any) (int, error) {
	return p.both[p.healthy()].ask(ctx, method, path, body, into)
}

func (p *pair) healthy() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.chance.IntN(2)
	if d := p.both[i]; p.frozen[i] || d.cmd == nil || d.died() || d.isFrozen() {
		return 1 - i
	}
	return i
}

func (p *pair) setFrozen(i int, is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen[i] = is
}

// freeze stops a replica. It is noted before, so that no request waits for it.
func (p *pair) freeze(i int) {
	p.setFrozen(i, true)
	p.both[i].freeze()
}

func (p *pair) thaw(i int) {
	p.both[i].thaw()
	p.setFrozen(i, false)
}

// index is the replica of a name; -1 for none.
func (p *pair) index(name string) int {
	for i, n := range p.names {
		if n == name {
			return i
		}
	}
	return -1
}

func (p *pair) kill() {
	for _, d := range p.both {
		if d != nil {
			d.kill()
		}
	}
}
