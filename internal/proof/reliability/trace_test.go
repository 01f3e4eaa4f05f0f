package reliability

import (
	"testing"
	"time"
)

func TestParseCall(t *testing.T) {
	f := func(text string, want syscallMade) {
		t.Helper()
		want.began = want.began.Round(time.Microsecond)
		if got, ok := parseCall(text); !ok || got != want {
			t.Errorf("%s\n got %+v\nwant %+v", text, got, want)
		}
	}
	at := time.Unix(1795710808, 150054*1000)
	f(`1795710808.150054 fsync(13</d/pushback.db>) = 0 <0.000558>`,
		syscallMade{name: "fsync", path: "/d/pushback.db", began: at, ended: at.Add(558 * time.Microsecond)})
	f(`1795710808.150054 fsync(13</d/pushback.db>) = -1 EIO (Input/output error) (INJECTED) <0.000558>`,
		syscallMade{name: "fsync", path: "/d/pushback.db", began: at, ended: at.Add(558 * time.Microsecond), failed: true})
	f(`1795710808.150054 pwrite64(9</d/pushback.db-wal>, "a\"b\0>", 4096, 56) = 4096 <0.000010>`,
		syscallMade{name: "pwrite64", path: "/d/pushback.db-wal", data: `a\"b\0>`, began: at, ended: at.Add(10 * time.Microsecond)})
	f(`1795710808.150054 write(15<TCP:[127.0.0.1:1->127.0.0.1:2]>, "HTTP/1.1 201 Created\r\n", 22) = 22 <0.000010>`,
		syscallMade{name: "write", path: "TCP:[127.0.0.1:1->127.0.0.1:2]", data: `HTTP/1.1 201 Created\r\n`, began: at, ended: at.Add(10 * time.Microsecond)})
	for _, other := range []string{"", "+++ exited with 0 +++", `1795710808.150054 write(1</x>, "a", 1`, `1795710808.150054 --- SIGTERM {si_signo=SIGTERM} ---`} {
		if got, ok := parseCall(other); ok {
			t.Errorf("%q is taken for %+v", other, got)
		}
	}
}

func TestAuditFindsWhatWasNotSynced(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	made := func(name, path, data string, from, to int) syscallMade {
		return syscallMade{name: name, path: path, data: data, began: at(from), ended: at(to)}
	}
	write, said := made("pwrite64", "/wal", "token", 1, 2), made("write", "TCP:[]", "HTTP/1.1 201 token", 9, 10)
	f := func(name string, broken bool, between ...syscallMade) {
		t.Helper()
		all := append([]syscallMade{write}, between...)
		got := trace{all, "/wal"}.unsynced("it", said, func(s string) bool { return s == "token" })
		if (len(got) > 0) != broken {
			t.Errorf("%s: %v", name, got)
		}
	}
	f("synced", false, made("fsync", "/wal", "", 3, 4))
	f("never", true)
	f("another file", true, made("fsync", "/db", "", 3, 4))
	f("begun before the write ended", true, made("fsync", "/wal", "", 1, 4))
	f("ended after it was said", true, made("fsync", "/wal", "", 3, 11))
	failed := made("fsync", "/wal", "", 3, 4)
	failed.failed = true
	f("failed", true, failed)
}
