package reliability

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// syscallMade is one system call, as strace -ff -yy -ttt -T writes it.
type syscallMade struct {
	name         string
	path         string // of the file, or TCP:[…] of a socket
	data         string // as strace quotes it
	began, ended time.Time
	failed       bool
}

func (s syscallMade) writes(file string) bool {
	return s.name == "pwrite64" && s.path == file && !s.failed
}

func (s syscallMade) syncs(file string) bool {
	return (s.name == "fsync" || s.name == "fdatasync") && s.path == file && !s.failed
}

// sends reports whether the call wrote data with this beginning to a socket.
func (s syscallMade) sends(beginning string) bool {
	return strings.HasPrefix(s.path, "TCP") && strings.HasPrefix(s.data, beginning)
}

// readTrace reads the files of all threads and sorts the calls by time.
func readTrace(prefix string) (all []syscallMade, err error) {
	files, err := filepath.Glob(prefix + ".*")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("strace has written no trace to %s: is tracing allowed here? %w", prefix, err)
	}
	for _, name := range files {
		if all, err = readThread(name, all); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(all, func(a, b syscallMade) int { return a.began.Compare(b.began) })
	return all, nil
}

func readThread(name string, all []syscallMade) ([]syscallMade, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading a trace: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if s, ok := parseCall(lines.Text()); ok {
			all = append(all, s)
		}
	}
	return all, lines.Err()
}

// callLine is `1795710808.150054 fsync(13</data/pushback.db>) = 0 <0.000558>`.
// The name of a socket contains an arrow, so that the name ends only where the next
// argument, or the end of the arguments, follows.
var callLine = regexp.MustCompile(`^(\d+)\.(\d{6}) (\w+)\(\d+<(.*?)>(?:, (?:\[\{iov_base=)?"(.*)".*)?\) += (-?\d+).* <(\d+\.\d{6})>$`)

// parseCall parses one line. It is false for other lines, such as a signal or a call
// that did not return.
func parseCall(text string) (syscallMade, bool) {
	m := callLine.FindStringSubmatch(text)
	if m == nil {
		return syscallMade{}, false
	}
	seconds, _ := strconv.ParseInt(m[1], 10, 64)
	micros, _ := strconv.ParseInt(m[2], 10, 64)
	took, _ := strconv.ParseFloat(m[7], 64)
	began := time.Unix(seconds, micros*1000)
	return syscallMade{
		name: m[3], path: m[4], data: m[5], began: began, failed: strings.HasPrefix(m[6], "-"),
		ended: began.Add(time.Duration(took * float64(time.Second))),
	}, true
}
