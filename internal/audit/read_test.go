package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/replay"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// exported is a record of n entries, one per line.
func exported(t testing.TB, n int) (lines [][]byte) {
	t.Helper()
	prev := ""
	for i := range n {
		e := store.Entry{
			Seq: int64(i + 5), At: time.UnixMicro(int64(1795713314000000 + i)).UTC(), Actor: "amy", Action: "test",
			Detail: json.RawMessage(fmt.Sprintf(`{"n":%d,"text":"\u003ca \u0026 b\u003e"}`, i)), Prev: prev,
		}
		e.Hash = e.Sum()
		prev = e.Hash
		line, err := json.Marshal(lineOf(e))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestChain(t *testing.T) {
	f := func(name, want string, change func(lines [][]byte) [][]byte) {
		t.Helper()
		c, err := Read(bytes.NewReader(bytes.Join(change(exported(t, 4)), []byte("\n"))), Visitor{})
		if err != nil {
			t.Fatal(name, err)
		}
		if got := fmt.Sprint(c.Broken()); !strings.Contains(got, want) || (want == "nil") != (c.Broken() == nil) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	f("whole", "nil", func(l [][]byte) [][]byte { return l })
	f("from the middle on", "nil", func(l [][]byte) [][]byte { return l[2:] })
	f("empty", "nil", func([][]byte) [][]byte { return nil })
	f("one is missing", "entry 5 is followed by entry 7", func(l [][]byte) [][]byte { return slices.Delete(l, 1, 2) })
	f("two have changed places", "entry 5 is followed by entry 7", func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l })
	f("one stands twice", "entry 6 is followed by entry 6", func(l [][]byte) [][]byte { return slices.Insert(l, 1, l[1]) })
	replaced := func(old, with string) func([][]byte) [][]byte {
		return func(l [][]byte) [][]byte { l[1] = bytes.Replace(l[1], []byte(old), []byte(with), 1); return l }
	}
	f("an actor is altered", "entry 6 was altered", replaced("amy", "bob"))
	f("a detail is altered", "entry 6 was altered", replaced(`"n":1`, `"n":2`))
	f("a moment is altered", "entry 6 was altered", replaced("2026-11-26", "2026-11-25"))
	f("a hash is taken away", "entry 6 has no hash", func(l [][]byte) [][]byte {
		i, j := bytes.Index(l[1], []byte(`,"hash"`)), bytes.LastIndexByte(l[1], '}')
		l[1] = slices.Delete(l[1], i, j)
		return l
	})
	f("one is written anew", "entry 7 was not written after entry 6", func(l [][]byte) [][]byte {
		forged := store.Entry{Seq: 6, Actor: "mallory", Action: "test", Prev: chainOf(t, l[:1]).Last.Hash}
		forged.Hash = forged.Sum()
		l[1], _ = json.Marshal(lineOf(forged))
		return l
	})
}

func chainOf(t *testing.T, lines [][]byte) *Chain {
	t.Helper()
	c, err := Read(bytes.NewReader(bytes.Join(lines, []byte("\n"))), Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// FuzzRead checks that a text is a whole record only if every hash in it is right.
func FuzzRead(f *testing.F) {
	f.Add(bytes.Join(exported(f, 3), []byte("\n")))
	f.Add([]byte("{}\n{}"))
	f.Add([]byte(`{"seq":1,"hash":"x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Read(bytes.NewReader(text), Visitor{})
		if err != nil || c.Broken() != nil || c.Entries == 0 || c.Last.Hash == "" {
			return
		}
		if c.Last.Hash != c.Last.Sum() {
			t.Errorf("taken for whole: %q", text)
		}
	})
}

// journalOf is a journal in memory.
type journalOf struct {
	entries  []store.Entry
	profiles map[string][]byte
}

func (j journalOf) Audit(_ context.Context, _, _ time.Time, each func(store.Entry) error) error {
	for _, e := range j.entries {
		if err := each(e); err != nil {
			return err
		}
	}
	return nil
}

func (j journalOf) PackedProfile(_ context.Context, hash string) ([]byte, error) {
	if body, ok := j.profiles[hash]; ok {
		return body, nil
	}
	return nil, store.ErrNotFound
}

// withProfiles is a journal of two changes, whose verdicts share a profile.
func withProfiles(t testing.TB) (j journalOf, hash string) {
	t.Helper()
	body, err := detector.Profile{Ticks: 7}.Pack()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	hash = hex.EncodeToString(sum[:])
	j.profiles = map[string][]byte{hash: body}
	prev := ""
	for i, key := range []string{"abcdefgh", "abcdefxy", "abcdefgh"} {
		e := store.Entry{
			Seq: int64(i + 1), At: time.UnixMicro(int64(1795713314000000 + i)).UTC(), ChangeKey: key, Actor: "rule red", Action: replay.Responded, Prev: prev,
			Detail: json.RawMessage(fmt.Sprintf(`{"profiles":{"errors":%q,"gone":"0123"}}`, hash)),
		}
		e.Hash = e.Sum()
		prev = e.Hash
		j.entries = append(j.entries, e)
	}
	return j, hash
}

func exportOf(t testing.TB, j Journal) []byte {
	t.Helper()
	var file bytes.Buffer
	chain, err := Export(t.Context(), &file, j, time.Time{}, time.Time{})
	if err != nil || chain.Broken() != nil {
		t.Fatal(err, chain.Broken())
	}
	return file.Bytes()
}

// TestProfilesTravel: an export has each profile once, before the entries that name it.
func TestProfilesTravel(t *testing.T) {
	j, hash := withProfiles(t)
	file := exportOf(t, j)
	if n := bytes.Count(file, []byte(`{"profile"`)); n != 1 || !bytes.HasPrefix(file, []byte(`{"profile":"`+hash)) {
		t.Errorf("%d lines of profiles in\n%s", n, file)
	}
	record, chain, err := ReadChange(bytes.NewReader(file), "abcdefgh")
	if err != nil || chain.Broken() != nil || chain.Profiles != 1 || chain.Entries != 3 || len(record.Entries) != 2 {
		t.Fatalf("%+v, %v, %d entries", chain, err, len(record.Entries))
	}
	if p, err := record.Profile(hash); err != nil || p.Ticks != 7 {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := record.Profile("0123"); err == nil || !strings.Contains(err.Error(), "not in the exported record") {
		t.Error(err)
	}
	if record, _, _ := ReadChange(bytes.NewReader(file), "abcdef"); len(record.Changes()) != 2 {
		t.Errorf("the beginning of two keys means %v", record.Changes())
	}
	if record, _, _ := ReadChange(bytes.NewReader(file), "abcd"); len(record.Changes()) != 0 {
		t.Errorf("too short a beginning means %v", record.Changes())
	}
}

// TestAlteredProfileIsFound: in a profile as in an entry, whatever else is missing.
func TestAlteredProfileIsFound(t *testing.T) {
	j, hash := withProfiles(t)
	lines := bytes.SplitAfter(exportOf(t, j), []byte("\n"))
	f := func(name, fault, altered string, change func([][]byte) [][]byte) {
		t.Helper()
		c, err := Read(bytes.NewReader(bytes.Join(change(slices.Clone(lines)), nil)), Visitor{})
		if err != nil || !strings.Contains(c.Fault, fault) || !strings.Contains(c.Altered, altered) || (altered == "") != (c.Altered == "") {
			t.Errorf("%s: %v, %q, %q", name, err, c.Fault, c.Altered)
		}
	}
	other, err := json.Marshal(api.AuditProfile{Profile: hash, Body: []byte("other")})
	if err != nil {
		t.Fatal(err)
	}
	f("altered", "profile "+hash[:12]+" was altered", "profile "+hash[:12], func(l [][]byte) [][]byte { l[0] = append(other, '\n'); return l })
	f("missing", "", "", func(l [][]byte) [][]byte { return l[1:] })
	f("a gap", "entries between them are missing", "", func(l [][]byte) [][]byte { return slices.Delete(l, 2, 3) })
	f("altered after a gap", "entries between them are missing", "entry 3 was altered", func(l [][]byte) [][]byte {
		l = slices.Delete(l, 2, 3)
		l[2] = bytes.Replace(l[2], []byte("rule red"), []byte("rule bed"), 1)
		return l
	})
}

// FuzzReadChange checks that no text makes reading panic, and that whatever profile is not
// called altered has the content that its name says.
func FuzzReadChange(f *testing.F) {
	j, hash := withProfiles(f)
	f.Add(exportOf(f, j))
	f.Add([]byte(`{"profile":"` + hash + `","body":"AAAA"}`))
	f.Add([]byte(`{"profile":"x","seq":3}`))
	f.Add([]byte(`{"seq":1,"change":"abcdefgh","action":"respond","detail":{"profiles":{"errors":"x"},"verdict":{},"observation":{},"plan":{"signals":[{"name":"x"}],"before":-1,"after":1}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		record, chain, err := ReadChange(bytes.NewReader(text), "abcdefgh")
		if err != nil || chain.Altered != "" {
			return
		}
		for hash, body := range record.profiles {
			if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != hash {
				t.Errorf("profile %q has another content", hash)
			}
		}
	})
}

// TestDeletedByAge: a record whose beginning was deleted because of its age says so, and is not
// whole if it does not follow what was deleted.
func TestDeletedByAge(t *testing.T) {
	lines := exported(t, 4) // from entry 5 on
	f := func(through int64, hash, fault string) {
		t.Helper()
		e := store.Entry{Seq: 9, At: time.UnixMicro(1).UTC(), Actor: "pushback", Action: store.CheckpointAction, Prev: chainOf(t, lines).Last.Hash}
		var err error
		if e.Detail, err = json.Marshal(store.Checkpoint{Through: through, Hash: hash, Entries: 4}); err != nil {
			t.Fatal(err)
		}
		e.Hash = e.Sum()
		last, err := json.Marshal(lineOf(e))
		if err != nil {
			t.Fatal(err)
		}
		c := chainOf(t, append(slices.Clone(lines), last))
		if c.Fault != fault || c.Deleted == nil || c.Deleted.Through != through {
			t.Errorf("through %d: %q, %+v", through, c.Fault, c.Deleted)
		}
	}
	f(4, "", "")
	f(4, "another", "entry 5 does not follow entry 4, which was deleted because of its age")
	f(2, "whatever", "")
}
