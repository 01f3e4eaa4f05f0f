package servertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Alertmanager starts an Alertmanager that resolves an alert after a minute without
// updates and sends no notifications.
func Alertmanager(t testing.TB) *Server {
	t.Helper()
	file := write(t, "alertmanager.yml",
		"global: {resolve_timeout: 1m}", "route: {receiver: nobody}", "receivers: [{name: nobody}]")
	data := t.TempDir()
	port, stop := program{
		names: []string{"prometheus-alertmanager", "alertmanager"}, install: "prometheus-alertmanager",
		signal: syscall.SIGTERM, ready: answers200("/-/ready"),
		args: func(port string) []string {
			return []string{
				"--config.file=" + file, "--storage.path=" + data,
				"--web.listen-address=127.0.0.1:" + port, "--cluster.listen-address=",
			}
		},
	}.start(t)
	return &Server{URL: "http://127.0.0.1:" + port, stop: stop}
}

// PostgreSQL creates an empty cluster, starts a server on it and returns its URL:
// user postgres, no password. The server does not sync to disk.
func PostgreSQL(t testing.TB) *Server {
	t.Helper()
	account := postgresAccount(t)
	data := postgresCluster(t, account)
	port, stop := program{
		names: []string{postgresTool(t, "postgres")}, install: "postgresql", account: account,
		signal: syscall.SIGINT, ready: connects,
		args: func(port string) []string {
			return []string{
				"-D", data, "-p", port, "-k", data,
				"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
			}
		},
	}.start(t)
	return &Server{URL: postgresURL(port), stop: stop}
}

func postgresURL(port string) string {
	return "postgres://postgres@127.0.0.1:" + port + "/postgres?sslmode=disable"
}

func connects(ctx context.Context, port string) error {
	conn, err := pgx.Connect(ctx, postgresURL(port))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// postgresAccount is the account under which the server runs, because it refuses to
// run as root.
func postgresAccount(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("this test runs as root and needs the account postgres: %v", err)
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// postgresCluster creates the data folder. It does not use t.TempDir, whose parents
// another account may not enter.
func postgresCluster(t testing.TB, account *syscall.Credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pushback-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if account != nil {
		if err := os.Chown(dir, int(account.Uid), int(account.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	cmd := exec.CommandContext(t.Context(), postgresTool(t, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	cmd.Dir = dir
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, output)
	}
	return data
}

// postgresTool finds a program of the newest installed version; Debian keeps
// them out of PATH.
func postgresTool(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob(fmt.Sprintf("/usr/lib/postgresql/*/bin/%s", name))
	if len(found) == 0 {
		t.Fatalf("this test needs %s: apt-get install postgresql", name)
	}
	return found[len(found)-1]
}
