package freezefile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func look(t *testing.T, path string) State {
	t.Helper()
	s, err := Look(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A freeze has the end that its command gives it, and who did it lies beside it.
func TestFreezeWithAnEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "freeze")
	end := noon.Add(2 * time.Hour)
	done, err := Freeze(path, Action{At: noon, Actor: "amy", Why: "sale"}, end)
	if err != nil || done.Was || done.Unrecorded != nil {
		t.Fatal(done, err)
	}
	if s := look(t, path); !s.Frozen || s.Why != "sale" || !s.Until.Equal(end) || s.Since.IsZero() {
		t.Errorf("%+v", s)
	}
	if done, err = Unfreeze(path, Action{At: noon.Add(time.Minute), Actor: "bob"}); err != nil || !done.Was {
		t.Fatal(done, err)
	}
	if done, err = Unfreeze(path, Action{At: noon, Actor: "eve"}); err != nil || done.Was {
		t.Errorf("lifted twice: %+v, %v", done, err)
	}
	actions, err := Actions(path)
	if err != nil || len(actions) != 2 || !actions[0].Frozen || actions[0].Actor != "amy" || actions[1].Frozen || actions[1].Actor != "bob" {
		t.Errorf("%+v, %v", actions, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 2 {
		t.Errorf("beside the actions something is left: %v, %v", left, err)
	}
}

// The end of one freeze is never that of another: what touch, echo or a command without an end
// writes stays until it is lifted.
func TestAnEndIsOfOneFreeze(t *testing.T) {
	f := func(again func(path string) error) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "freeze")
		if _, err := Freeze(path, Action{At: noon, Actor: "amy"}, noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := again(path); err != nil {
			t.Fatal(err)
		}
		if s := look(t, path); !s.Frozen || !s.Until.IsZero() {
			t.Errorf("%+v", s)
		}
	}
	later := time.Now().Add(time.Minute)
	f(func(path string) error { return os.Chtimes(path, later, later) })
	f(func(path string) error { return Write(path, "another") })
	f(func(path string) error { // within the same step of the clock of files
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		return errors.Join(Write(path, "another"), os.Chtimes(path, info.ModTime(), info.ModTime()))
	})
	f(func(path string) error {
		_, err := Freeze(path, Action{At: noon, Actor: "bob"}, time.Time{})
		return err
	})
}

// A freeze ends by itself when its time is over, and not before.
func TestAFreezeEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "freeze")
	end := noon.Add(time.Hour)
	if ended, err := EndIfOver(path, noon); ended || err != nil {
		t.Error(ended, err)
	}
	if _, err := Freeze(path, Action{At: noon, Actor: "amy", Why: "sale"}, end); err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{noon, end.Add(-time.Second)} {
		if ended, err := EndIfOver(path, at); ended || err != nil || !look(t, path).Frozen {
			t.Errorf("at %s: %v, %v", at, ended, err)
		}
	}
	if ended, err := EndIfOver(path, end); !ended || err != nil || look(t, path).Frozen {
		t.Error(ended, err)
	}
	actions, err := Actions(path)
	if err != nil || len(actions) != 2 || actions[1].Frozen || actions[1].Actor != "freeze file" || actions[1].Why != "its time was over: sale" {
		t.Errorf("%+v, %v", actions, err)
	}
	if err := Write(path, "for good"); err != nil {
		t.Fatal(err)
	}
	if ended, err := EndIfOver(path, end.Add(time.Hour)); ended || err != nil {
		t.Errorf("a freeze without an end ended: %v", err)
	}
}

// What cannot be read stays frozen, without an end.
func TestADamagedEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "freeze")
	if _, err := Freeze(path, Action{At: noon, Actor: "amy"}, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+endSuffix, []byte("soon"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Look(path); err == nil || !s.Frozen || !s.Until.IsZero() {
		t.Errorf("%+v, %v", s, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if s, err := Look(path); err == nil || !s.Frozen || s.Why != unreadable || !s.Until.IsZero() {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := Look(filepath.Join(t.TempDir(), "none")); err != nil || s.Frozen {
		t.Errorf("%+v, %v", s, err)
	}
}

func FuzzLook(f *testing.F) {
	f.Add(`{"until": "2026-11-29T12:00:00Z", "modified": "2026-11-29T12:00:00Z"}`)
	f.Add(`{"until": 1}`)
	path := filepath.Join(f.TempDir(), "freeze")
	if err := Write(path, "sale"); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path+endSuffix, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, _ := Look(path); !s.Frozen {
			t.Errorf("%q lifts the freeze", text)
		}
	})
}
