package signature

import (
	"net/http"
	"testing"
	"time"
)

// The second test case of RFC 4231.
func TestHexHMACSHA512(t *testing.T) {
	const sum = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
	s := HexHMACSHA512("X-Sum")
	f := func(given, key string, want bool) {
		t.Helper()
		h := http.Header{"X-Sum": {given}}
		keys := func() [][]byte { return [][]byte{[]byte(key)} }
		err := s.Header(keys, h, time.Time{})
		if err == nil {
			err = s.Body(keys(), h, []byte("what do ya want for nothing?"), time.Time{})
		}
		if (err == nil) != want {
			t.Errorf("%.8s by %s: %v", given, key, err)
		}
	}
	f(sum, "Jefe", true)
	f(sum, "Jeff", false)
	f(sum[:64], "Jefe", false)
	f("", "Jefe", false)
}
