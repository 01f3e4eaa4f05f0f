package split

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/flags/flagstest"
)

func TestContract(t *testing.T) {
	flagstest.Contract(t, New, changestest.Subject{
		Signatures: []changestest.Signature{flagstest.Bearer},
		Succeeded:  changestest.Delivery{Body: flagstest.Fixture(t, "changed.json")},
		Ignored:    []changestest.Delivery{{Body: `{"type":"audit_log","auditLogType":"user.updated"}`}},
		Volatile:   []string{"User-Agent"}, At: flagstest.Noon, Environment: "Production",
	})
}

func TestChanged(t *testing.T) {
	s, changed := flagstest.Open(t, New, flags.Config{Service: "cart"}), flagstest.Fixture(t, "changed.json")
	id := "split:" + flags.Fingerprint("fast_cart", "Production", 1490) + "/Production"
	flagstest.Equal(t, s, nil, changed, sources.Event{
		Source: "flags", EventID: id, ChangeID: id, Status: sources.Succeeded, At: flagstest.Noon, Sequence: 1490, Service: "cart", Environment: "Production",
		Kind: sources.Flag, Group: "fast_cart", Version: "revision 1490", Previous: "revision 1489", Actor: "ada", URL: "https://app.split.io/org/x/ws/y/splits/z",
	})
	flagstest.Versions(t, s, "first", flagstest.Replaced(t, changed, `"previous": {`, `"previous": null, "x": {`), "", "revision 1490")
	flagstest.Versions(t, s, "killed", flagstest.Replaced(t, changed, `"if user is in segment all then split 50:on,50:off"`, `"{\"killed\":true}"`), "revision 1489", "off")
	flagstest.Refused(t, s, "no number", flagstest.Replaced(t, changed, "1490", "0"), "changeNumber")
	flagstest.Refused(t, s, "no type", `{"name":"a"}`, "type is missing")
	flagstest.Refused(t, flagstest.Open(t, New, flags.Config{}), "no service", changed, "set service")
	nested := strings.Repeat(`{"previous":`, 200) + "{}" + strings.Repeat("}", 200)
	flagstest.Refused(t, s, "a long history", nested, "nested deeper")
}

func FuzzParse(f *testing.F) {
	flagstest.Fuzz(f, New, http.Header{}, flagstest.Fixture(f, "changed.json"))
}
