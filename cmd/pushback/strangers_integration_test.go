//go:build integration

package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

const (
	strangersAtOnce = 1000
	mostMemory      = 128 << 10 // KiB that the daemon itself held, at any moment
)

// A thousand strangers who send nearly a whole body and stop cost little, and a delivery beside
// them is taken.
func TestStrangersThatStall(t *testing.T) {
	large := strings.Repeat(" ", 1<<20-100)
	f := func(name, path, header, body string) {
		t.Run(name, func(t *testing.T) {
			p := serve(t, "metrics: {prod: {kind: prometheus, url: \"http://127.0.0.1:9\"}}\nsources: {ci: {kind: generic, secret_files: [secret]}}\nallow_empty_rules: true\n", "rules: []\n")
			var under sync.WaitGroup
			for range strangersAtOnce {
				under.Go(func() { stall(t, p.url, path, header, body) })
			}
			under.Wait()
			began := time.Now()
			p.report("cart", "v2", sources.Succeeded, time.Now())
			t.Logf("a delivery beside %d strangers took %s", strangersAtOnce, time.Since(began).Round(time.Millisecond))
			peak, file := p.memory("VmHWM"), p.memory("RssFile")
			t.Logf("%d KiB were resident at most, %d of them pages of the program's file", peak, file)
			if peak-file > mostMemory {
				t.Errorf("the daemon itself held %d KiB", peak-file)
			}
		})
	}
	f("without a signature", "/hooks/ci", "", large)
	f("with a wrong signature", "/hooks/ci", fmt.Sprintf("Webhook-Id: a\r\nWebhook-Timestamp: %d\r\nWebhook-Signature: v1,AAAA\r\n", time.Now().Unix()), large)
	f("signing in", "/signin", "", large)
	f("before the headers end", "/signin", "", "")
}

// stall sends a request and nearly all of its body, and stops. The connection stays open until
// the test ends. It does not matter whether the daemon takes it.
func stall(t *testing.T, url, path, header, body string) {
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Error(err)
		return
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s", path, 1<<20, header)
	if body != "" {
		request += "\r\n"
	}
	_, _ = io.Copy(c, io.MultiReader(strings.NewReader(request), strings.NewReader(body)))
}

// memory is a line of what the kernel counts of the daemon's memory, in KiB (proc(5)): VmHWM is the most that
// was resident, and RssFile what of it is read from files, which the kernel takes back when it needs the room.
func (p *process) memory(name string) int {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(status, []byte("\n"+name+":"))
	line, _, _ := bytes.Cut(rest, []byte("kB"))
	n, err := strconv.Atoi(string(bytes.TrimSpace(line)))
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}
