package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/doctor"
	"github.com/pushback/pushback/internal/secretfile"
	"github.com/pushback/pushback/internal/server/api"
)

// serve is the command that starts the daemon.
func (x *examination) serve() string { return "pushback serve -c " + x.file() }

// daemon asks the running daemon how it is.
func (x *examination) daemon(ctx context.Context) {
	flags := serverFlags{Server: x.command.Server, TokenFile: x.command.TokenFile}
	if flags.Server == "" {
		flags.Server = addressOf(x.c)
	}
	if flags.TokenFile == "" {
		flags.TokenFile = x.c.TokenFile
	}
	c, err := flags.client()
	if err != nil {
		x.add(doctor.Daemon, "", doctor.NotChecked, "", "%v", err)
		return
	}
	var status api.Status
	switch err := c.call(ctx, http.MethodGet, "/v1/status", nil, &status); {
	case errors.Is(err, syscall.ECONNREFUSED):
		x.add(doctor.Daemon, "", doctor.NotChecked, x.serve(), "nobody listens at %s", flags.Server)
		return
	case err != nil:
		x.add(doctor.Daemon, "", doctor.Fail, "pushback status --server "+flags.Server+"   # or name the daemon with --server", "%v", err)
		return
	}
	if x.otherDaemon() {
		x.add(doctor.Daemon, "", doctor.Warn, "pushback doctor -c FILE of that daemon   # or stop it, and write another listen here", "another daemon runs at %s: the one of %s has made no database yet", flags.Server, x.file())
		return
	}
	x.status = &status
	x.running(flags.Server)
}

// otherDaemon reports whether the daemon that answers is not that of this configuration, whose database
// would exist.
func (x *examination) otherDaemon() bool {
	url, err := x.c.StoreURL()
	file, is := strings.CutPrefix(url, "sqlite:")
	if err != nil || !is || x.command.Server != "" {
		return false
	}
	_, err = os.Stat(file)
	return os.IsNotExist(err)
}

// addressOf is where the daemon of a configuration listens, as somebody on this machine calls it.
func addressOf(c config.Config) string {
	scheme := "http://"
	if c.WebConfig != "" {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return scheme + config.DefaultListen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + net.JoinHostPort(host, port)
}

// running says what the daemon says of itself.
func (x *examination) running(address string) {
	s := x.status
	if s.Version != version() {
		x.add(doctor.Daemon, "", doctor.Warn, "restart the daemon   # or install its version here", "the daemon at %s is %s, and this program is %s", address, s.Version, version())
	}
	for _, p := range s.Problems {
		status := doctor.Warn
		if !s.Ready {
			status = doctor.Fail
		}
		x.add(doctor.Daemon, p.Component, status, "pushback status", "%s: %s", p.Component, p.Detail)
	}
	if s.Frozen {
		x.add(doctor.Daemon, "", doctor.Warn, "pushback unfreeze", "nothing is rolled back: frozen by %s", s.FrozenBy)
	}
	if s.Ready {
		x.add(doctor.Daemon, "", doctor.OK, "", "it runs at %s, version %s, and is ready", address, s.Version)
	}
}

// machine looks at files, the disk and the looks that are due.
func (x *examination) machine(ctx context.Context) {
	x.secrets()
	x.folders()
	x.disk(ctx)
	x.looks(ctx)
}

// secrets warns of files of secrets that others may read, and of weak secrets.
func (x *examination) secrets() {
	warnings := x.c.SecretWarnings()
	for _, w := range warnings {
		next := w.Hint
		if next == "" {
			next = fmt.Sprintf("write a longer secret into the file that %s:%d names", w.File, w.Line)
		}
		x.add(doctor.Permissions, "", doctor.Warn, next, "%s:%d: %s [%s]", shown(w.File), w.Line, w.Message, w.Code)
	}
	if who, fix := secretfile.Exposed(x.c.TokenFile); x.c.TokenFile != "" && who != "" && len(warnings) == 0 {
		x.add(doctor.Permissions, "", doctor.Warn, fix, "the token in %s is not safe: %s", shown(x.c.TokenFile), who)
	} else if len(warnings) == 0 {
		x.add(doctor.Permissions, "", doctor.OK, "", "no secret is weak, and none can be read by others")
	}
}

// writableByAll are the modes by which every user of the host may change a file.
const writableByAll = 0o002

// folders checks that the data folder can be written, and that nobody else can write what decides.
func (x *examination) folders() {
	for _, path := range []string{x.command.Config, x.c.Rules, x.c.Data} {
		info, err := os.Stat(path)
		if err == nil && info.Mode().Perm()&writableByAll != 0 && info.Mode()&os.ModeSticky == 0 {
			x.add(doctor.Permissions, "", doctor.Warn, "chmod o-w "+shown(path), "every user of this host may change %s", shown(path))
		}
	}
	at, there := existing(x.c.Data)
	if syscall.Access(at, 2) != nil { // 2 is W_OK
		x.add(doctor.Permissions, "", doctor.Fail, fmt.Sprintf("chown -R $(id -u) %s   # or write data: FOLDER into %s", shown(at), x.file()), "the data folder %s cannot be written by this user", shown(at))
		return
	}
	text := "the data folder %s can be written by this user"
	if !there {
		text = "the data folder %s does not exist yet, and can be created by this user"
	}
	x.add(doctor.Permissions, "", doctor.OK, "", text, shown(x.c.Data))
}

// existing is the path, or the nearest folder above it that exists.
func existing(path string) (at string, itself bool) {
	for at = path; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			return at, at == path
		}
	}
}

// disk measures the disk of the data folder and the database.
func (x *examination) disk(ctx context.Context) {
	at, _ := existing(x.c.Data)
	var fs syscall.Statfs_t
	if err := syscall.Statfs(at, &fs); err != nil {
		x.add(doctor.DiskArea, "", doctor.NotChecked, "", "%s: %v", shown(at), err)
		return
	}
	var database, growth int64
	if x.store != nil {
		sizes, err := x.store.Sizes(ctx)
		if err != nil {
			x.add(doctor.DiskArea, "", doctor.NotChecked, "", "the size of the database: %v", err)
		}
		database, growth = sizes.Bytes, sizes.PerDay
	}
	block := uint64(fs.Bsize)                                                                                                     //nolint:gosec,unconvert // of another type on every system, and never negative
	x.checks = append(x.checks, doctor.Disk(shown(at), int64(uint64(fs.Bavail)*block), int64(fs.Blocks*block), database, growth)) //nolint:gosec,unconvert // as above
}

// looks says whether the looks of the open watches are late.
func (x *examination) looks(ctx context.Context) {
	if x.store == nil {
		x.add(doctor.Daemon, "looks", doctor.NotChecked, "", "whether looks are late: %s", x.noDatabase())
		return
	}
	ids, err := x.store.OpenWatchIDs(ctx, nil)
	if err == nil {
		open, failed := x.store.WatchesByID(ctx, ids[:min(len(ids), mostRead)])
		if err = failed; err == nil {
			x.checks = append(x.checks, doctor.Looks(open, x.status != nil, x.now, x.serve()))
			return
		}
	}
	x.add(doctor.Daemon, "looks", doctor.NotChecked, "", "%v", err)
}
