package argocd

import (
	"encoding/json"
	"testing"
)

// FuzzApplication decodes arbitrary answers. Whatever the server answers, a rollback
// goes to an entry of the answer that has the version.
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
		_, _ = a.managedBy(), a.autoSyncOn()
		s, err := a.nextAction(version)
		if err != nil {
			return
		}
		if version == "" && !s.follow {
			t.Errorf("an entry was found for an empty version: %+v", s)
		}
		if !s.alreadyLive && !s.follow && !s.to.hasVersion(version) {
			t.Errorf("rolls back to %+v, which does not have version %q", s.to, version)
		}
	})
}
