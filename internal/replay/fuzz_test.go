package replay

import (
	"errors"
	"testing"

	"github.com/pushback/pushback/detector"
)

// FuzzChange checks that no entry makes judging again panic, whoever wrote it.
func FuzzChange(f *testing.F) {
	for seed := range uint64(4) {
		d := draw(seed)
		e, err := d.entry(d.verdict())
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(e.Detail))
	}
	f.Add([]byte(`{"verdict":{"signals":[{}]},"observation":{"readings":[{"signal":"x","after":{"value":[1,2,3]}}]},"plan":{"tick":1,"before":-1,"after":1,"signals":[{"name":"x"}]}}`))
	f.Add([]byte(`{"verdict":{},"observation":{},"plan":{"before":1000000000,"after":1000000000,"signals":[{"name":"x","kind":"counts"}]}}`))
	f.Fuzz(func(t *testing.T, detail []byte) {
		for _, r := range Change([]Entry{{Seq: 1, Actor: "rule red", Action: Responded, Detail: detail}}, func(string) (detector.Profile, error) {
			return detector.Profile{}, errors.New("there is none")
		}) {
			if r.State == Cannot && r.Why == "" {
				t.Error("it cannot be judged again, and nothing says why")
			}
		}
	})
}
