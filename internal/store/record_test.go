package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/delta"
	"github.com/pushback/pushback/watch"
)

// filled is a value in which nothing is zero.
func filled(t testing.TB, v reflect.Value, n *int) {
	*n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(at(*n % 60)))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			filled(t, v.Field(i), n)
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			filled(t, v.Index(i), n)
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(t, v.Elem(), n)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Type() == reflect.TypeFor[detector.Grade](), v.Type() == reflect.TypeFor[detector.Outcome]():
		v.SetInt(2)
	case v.CanInt():
		v.SetInt(int64(*n))
	case v.CanFloat():
		v.SetFloat(float64(*n) / 7)
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	default:
		t.Fatalf("no value of type %s", v.Type())
	}
}

// TestNothingOfALookIsLost: whatever field is added to a verdict or an observation, it is stored.
func TestNothingOfALookIsLost(t *testing.T) {
	var l, zero look
	n := 0
	filled(t, reflect.ValueOf(&l).Elem(), &n)
	q := looks.Sequence()
	for _, one := range []*look{&l, &zero, &l} {
		if _, err := q.Add(one); err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(one)
		got, err2 := json.Marshal(q.Last())
		if err = errors.Join(err, err2); err != nil || string(got) != string(want) {
			t.Errorf("%v\n%s\n%s", err, got, want)
		}
	}
}

// drawnLook is look i of a watch whose store measures noise, and sometimes revises the last ticks.
func drawnLook(r *rand.Rand, signals, i int, before look) look {
	l := look{At: at(0).Add(time.Duration(i) * 15 * time.Second), Verdict: detector.Verdict{Rule: "red", Tick: i}}
	l.Verdict.At, l.Observation = l.At, detector.Observation{At: l.At, From: at(0), Gap: 1, Filled: r.Float64()}
	for k := range signals {
		var reading detector.Reading
		if i > 0 {
			reading = before.Observation.Readings[k]
		} else {
			reading = detector.Reading{Signal: fmt.Sprint("signal", k), Query: fmt.Sprintf(`sum(rate(http%d_requests_total{job="cart"}[15s]))`, k)}
			for range 30 {
				addTick(r, &reading.Before, k)
			}
		}
		reading.After = detector.Ticks{Value: append(detector.Values(nil), reading.After.Value...), Bad: append(detector.Values(nil), reading.After.Bad...), Total: append(detector.Values(nil), reading.After.Total...)}
		addTick(r, &reading.After, k)
		if r.IntN(10) == 0 && k%5 >= 2 {
			reading.After.Value[max(0, len(reading.After.Value)-3)] = r.NormFloat64()
		}
		l.Observation.Readings = append(l.Observation.Readings, reading)
		l.Verdict.Signals = append(l.Verdict.Signals, drawnEvidence(r, reading))
	}
	return l
}

// addTick adds a tick of events to two signals of five, and of noise to the others.
func addTick(r *rand.Rand, t *detector.Ticks, k int) {
	if k%5 >= 2 {
		t.Value = append(t.Value, 100+5*r.NormFloat64())
		return
	}
	total, bad := float64(700+r.IntN(100)), float64(r.IntN(8))
	t.Bad, t.Total, t.Value = append(t.Bad, bad), append(t.Total, total), append(t.Value, bad/total)
}

// drawnEvidence has numbers as evidence has them: means over all ticks, and a p-value that is
// often 1.
func drawnEvidence(r *rand.Rand, reading detector.Reading) detector.Evidence {
	e := detector.Evidence{
		Signal: reading.Signal, Query: reading.Query, Worse: detector.Higher, RawP: min(1, 4*r.Float64()), P: 1, Smallest: 3 + r.Float64()/100, Forecaster: "daily blend",
		History: 20160, Placebos: 1594, Healthy: true, Effect: detector.Effect{Forecast: 100 + r.Float64()/1000},
	}
	for _, x := range reading.After.Value {
		e.Effect.After += x / float64(len(reading.After.Value))
	}
	e.Effect.Difference, e.Effect.Ratio = e.Effect.After-e.Effect.Forecast, e.Effect.After/e.Effect.Forecast
	half := r.Float64()
	e.Effect.Low, e.Effect.High = e.Effect.Difference-half, e.Effect.Difference+half
	return e
}

// storeLook stores a look of a watch.
func storeLook(t testing.TB, s *Store, w *watch.Watch, l look) {
	t.Helper()
	next := *w
	ok, _, _, err := s.MoveWatch(t.Context(), *w, next, Effects{Record: &Record{At: l.At, Verdict: l.Verdict, Observation: l.Observation}})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	w.Revision++
}

// recordsCome checks that the records of a watch are these looks.
func recordsCome(t testing.TB, s *Store, id string, want []look) {
	t.Helper()
	got, err := s.Records(t.Context(), id)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d records of %d, %v", len(got), len(want), err)
	}
	for i, r := range got {
		if r.Seq != int64(i+1) || r.WatchID != id {
			t.Fatalf("record %d is number %d of %s", i, r.Seq, r.WatchID)
		}
		equalLook(t, look{At: r.At, Verdict: r.Verdict, Observation: r.Observation}, want[i])
	}
	last, err := s.LastRecord(t.Context(), id)
	if err != nil || last.Seq != int64(len(want)) {
		t.Fatalf("the last is number %d of %d, %v", last.Seq, len(want), err)
	}
	equalLook(t, look{At: last.At, Verdict: last.Verdict, Observation: last.Observation}, want[len(want)-1])
}

func equalLook(t testing.TB, got, want look) {
	t.Helper()
	a, err := json.Marshal(got)
	b, err2 := json.Marshal(want)
	if err = errors.Join(err, err2); err != nil || string(a) != string(b) {
		t.Fatalf("%v\n%s\n%s", err, a, b)
	}
}

// looksComeBack stores looks that differ in anything, over many rows, some of them by a process
// that has nothing of the watch in memory.
func looksComeBack(t *testing.T, s *Store) {
	w := planned(t, s)
	r := rand.New(rand.NewPCG(1, 2))
	var want []look
	var l look
	for i := range 200 {
		l = drawnLook(r, 5, i, l)
		if r.IntN(5) == 0 {
			s.tails.forget(w.ID)
		}
		storeLook(t, s, &w, l)
		want = append(want, l)
		if r.IntN(4) == 0 { // a second look at the same tick
			l.Observation.Filled, l.Verdict.MayAct = r.Float64(), true
			storeLook(t, s, &w, l)
			want[len(want)-1] = l
		}
	}
	recordsCome(t, s, w.ID, want)
	var rows int
	if err := s.read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM records WHERE watch_id = $1`, w.ID).Scan(&rows); err != nil || rows < 3 || rows > 100 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// anotherReplicasLooks checks that a process goes on from the looks that are stored, not from those
// it remembers: another replica has stored some since, or its own could not be stored.
func anotherReplicasLooks(t *testing.T, s *Store) {
	w, r := planned(t, s), rand.New(rand.NewPCG(11, 12))
	var remembered [2]map[string]*tail // by each of two replicas
	var want []look
	var l look
	for i := range 60 {
		l = drawnLook(r, 3, i, l)
		by := r.IntN(2)
		s.tails.all, s.tails.size = remembered[by], 0
		if r.IntN(4) == 0 { // a look that comes too late to be stored
			late, from := drawnLook(r, 3, i, l), w
			from.Revision--
			if moved, _, _, err := s.MoveWatch(t.Context(), from, from, Effects{Record: &Record{At: late.At, Verdict: late.Verdict, Observation: late.Observation}}); moved || err != nil {
				t.Fatal(moved, err)
			}
		}
		storeLook(t, s, &w, l)
		want, remembered[by] = append(want, l), s.tails.all
	}
	recordsCome(t, s, w.ID, want)
}

// recordsOfOlderVersion checks that looks which an older version has stored stay readable, and
// that a watch which was running goes on.
func recordsOfOlderVersion(t *testing.T, s *Store) {
	w := planned(t, s)
	r := rand.New(rand.NewPCG(3, 4))
	var want []look
	var l look
	for i := range 3 {
		l = drawnLook(r, 2, i, l)
		want = append(want, l)
		verdict, err := encode(l.Verdict)
		observation, err2 := encode(l.Observation)
		if err = errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		_, err = s.write.ExecContext(t.Context(), `
			INSERT INTO records (watch_id, seq, at, tick, grade, outcome, reason, verdict, observation) VALUES ($1, $2, $3, $4, 0, 0, '', $5, $6)`,
			w.ID, i+1, micros(l.At), l.Verdict.Tick, verdict, observation)
		if err != nil {
			t.Fatal(err)
		}
	}
	recordsCome(t, s, w.ID, want)
	l.Observation.Filled = 0.123
	storeLook(t, s, &w, l) // replaces the last
	want[2] = l
	recordsCome(t, s, w.ID, want)
	for i := range 3 {
		l = drawnLook(r, 2, 3+i, l)
		storeLook(t, s, &w, l)
		want = append(want, l)
	}
	recordsCome(t, s, w.ID, want)
}

// damagedRecords checks that a damaged row is named and loses nothing else, and that the watch goes on.
func damagedRecords(t *testing.T, s *Store) {
	w, r := planned(t, s), rand.New(rand.NewPCG(5, 6))
	var l look
	n := 0
	for ; n < 60; n++ {
		l = drawnLook(r, 5, n, l)
		storeLook(t, s, &w, l)
	}
	damage := func(seq int64) {
		t.Helper()
		s.tails.forget(w.ID)
		rows, err := collect(t.Context(), s.read, scanRecordRow, selectRecord+`AND seq = $2`, w.ID, seq)
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		rows[0].packed[len(rows[0].packed)/2] ^= 4
		if _, err := s.write.ExecContext(t.Context(), `UPDATE records SET packed = $3 WHERE watch_id = $1 AND seq = $2`, w.ID, seq, rows[0].packed); err != nil {
			t.Fatal(err)
		}
	}
	ends, err := collect(t.Context(), s.read, scanRecordRow, selectRecord+`ORDER BY seq DESC LIMIT 1`, w.ID)
	if err != nil || ends[0].seq < 3 {
		t.Fatal(ends, err)
	}
	first := int(ends[0].seq)
	damage(ends[0].seq)
	got, err := s.Records(t.Context(), w.ID)
	want := fmt.Sprintf("looks %d to %d of watch %s cannot be read", first, n, w.ID)
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), want) || len(got) != first-1 {
		t.Errorf("%d looks, %v; want %d, and %s", len(got), err, first-1, want)
	}
	if _, err := s.LastRecord(t.Context(), w.ID); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), w.ID) {
		t.Error(err)
	}
	for range 3 {
		l = drawnLook(r, 5, n, l)
		storeLook(t, s, &w, l)
		n++
	}
	last, err := s.LastRecord(t.Context(), w.ID)
	if err != nil || last.Seq != int64(n) {
		t.Fatalf("number %d of %d, %v", last.Seq, n, err)
	}
	equalLook(t, look{At: last.At, Verdict: last.Verdict, Observation: last.Observation}, l)
	if got, err := s.Records(t.Context(), w.ID); !errors.Is(err, ErrDamaged) || len(got) != first-1+3 {
		t.Errorf("%d looks, %v; want %d", len(got), err, first+2)
	}
}

// packedJournal checks that a long detail is stored packed and read back to the letter, and that
// a damaged one is found by its hash and keeps no other entry from being read.
func packedJournal(t *testing.T, s *Store) {
	long := `{"text":"` + strings.Repeat("a long detail ", 100) + `"}`
	for _, detail := range []string{long, `{"n":1}`, long} {
		if err := s.Append(t.Context(), Entry{At: now, ChangeKey: "c", Actor: "amy", Action: "test", Detail: []byte(detail)}); err != nil {
			t.Fatal(err)
		}
	}
	var stored int
	if err := s.read.QueryRowContext(t.Context(), `SELECT MAX(LENGTH(packed)) + MAX(LENGTH(detail)) FROM journal`).Scan(&stored); err != nil || stored > len(long)/5 {
		t.Errorf("%d bytes of %d, %v", stored, len(long), err)
	}
	for i, e := range chain(t, s, time.Time{}, time.Time{}) {
		if want := []string{long, `{"n":1}`, long}[i]; string(e.Detail) != want || e.Hash != e.Sum() {
			t.Errorf("%d: %s", i, e.Detail)
		}
	}
	damaged := Entry{Seq: 1, Detail: unpackDetail("", delta.Pack([]byte(long))[:20])}
	if !json.Valid(damaged.Detail) || string(damaged.Detail) == long {
		t.Errorf("%s", damaged.Detail)
	}
}
