package argocd

import (
	"encoding/json"
	"testing"
)

// FuzzApplication lets the server say anything. Whatever it says, a step is to
// an entry that it has shown.
func FuzzApplication(f *testing.F) {
	text, err := json.Marshal(cart().app)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, "v1")
	f.Add([]byte(`{"status": {"history": [{}, {}], "operationState": {"phase": "Running"}}}`), "")
	f.Add([]byte(`{"operation": {}, "status": {"history": [{"revisions": ["v1"]}]}}`), "v1")
	f.Fuzz(func(t *testing.T, text []byte, version string) {
		var a application
		if json.Unmarshal(text, &a) != nil {
			return
		}
		_, _ = a.owner(), a.automated()
		s, err := a.step(version)
		if err != nil {
			return
		}
		if version == "" && !s.follow {
			t.Errorf("a version of no name was found: %+v", s)
		}
		if !s.settled && !s.follow && !s.to.is(version) {
			t.Errorf("back to %+v, which is not of version %q", s.to, version)
		}
	})
}
