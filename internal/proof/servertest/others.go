package servertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
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
	s, err := StartPostgreSQL(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// StartPostgreSQL is PostgreSQL for a program, which stops the server itself. ctx bounds
// the creation of the cluster. More settings, such as fsync=on, win over those that tests need.
func StartPostgreSQL(ctx context.Context, settings ...string) (*Server, error) {
	dir, err := os.MkdirTemp("", "pushback-postgres-")
	if err != nil {
		return nil, err
	}
	clean := sync.OnceFunc(func() { _ = os.RemoveAll(dir) })
	port, stop, err := startPostgres(ctx, dir, settings)
	if err != nil {
		clean()
		return nil, err
	}
	return &Server{URL: postgresURL(port), stop: func() { stop(); clean() }}, nil
}

// startPostgres runs a server on a new cluster in dir, which is no t.TempDir, whose parents
// another account may not enter.
func startPostgres(ctx context.Context, dir string, settings []string) (port string, stop func(), err error) {
	account, err := postgresAccount()
	if err != nil {
		return "", nil, err
	}
	if account.Credential != nil {
		if err := os.Chown(dir, int(account.Credential.Uid), int(account.Credential.Gid)); err != nil {
			return "", nil, err
		}
	}
	server, err := postgresTool("postgres")
	if err != nil {
		return "", nil, err
	}
	data, err := postgresCluster(ctx, dir, account)
	if err != nil {
		return "", nil, err
	}
	return program{
		names: []string{server}, install: "postgresql", account: account,
		signal: syscall.SIGINT, ready: connects,
		args: func(port string) []string {
			args := []string{
				"-D", data, "-p", port, "-k", data,
				"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=400",
			}
			for _, setting := range settings {
				args = append(args, "-c", setting)
			}
			return args
		},
	}.launch()
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

// postgresAccount is the account under which the server runs, because it refuses to run as
// root. Within a user namespace there is no other account: the server then runs in one
// more namespace, where we are not called root.
func postgresAccount() (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	if mapped, err := os.ReadFile("/proc/self/uid_map"); err == nil && len(strings.Fields(string(mapped))) == 3 && strings.Fields(string(mapped))[2] == "1" {
		same := func(id int) []syscall.SysProcIDMap {
			return []syscall.SysProcIDMap{{ContainerID: 1000, HostID: id, Size: 1}}
		}
		return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: same(0), GidMappings: same(0)}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("root needs the account postgres to run a server: %w", err)
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// postgresCluster creates the data folder in dir.
func postgresCluster(ctx context.Context, dir string, account *syscall.SysProcAttr) (data string, err error) {
	initdb, err := postgresTool("initdb")
	if err != nil {
		return "", err
	}
	data = filepath.Join(dir, "data")
	cmd := exec.CommandContext(ctx, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
	cmd.SysProcAttr = account
	cmd.Dir = dir
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w\n%s", err, output)
	}
	return data, nil
}

// postgresTool finds a program of the newest installed version; Debian keeps
// them out of PATH.
func postgresTool(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, _ := filepath.Glob(fmt.Sprintf("/usr/lib/postgresql/*/bin/%s", name))
	if len(found) == 0 {
		return "", fmt.Errorf("this needs %s: apt-get install postgresql", name)
	}
	return found[len(found)-1], nil
}
