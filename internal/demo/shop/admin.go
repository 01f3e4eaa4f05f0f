package shop

import (
	"encoding/json"
	"io"
	"net"
	"net/http"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// maxBody is the size of the largest request of an operator or a hook, in bytes.
const maxBody = 1 << 20

func (s *Shop) showVersion(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]string{"version": s.Live().Version})
}

// setVersion lets the shop's own operators switch the version, from this host only.
func (s *Shop) setVersion(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		http.Error(w, "this address can be used from this host only", http.StatusForbidden)
		return
	}
	var wanted struct{ Version string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&wanted); err != nil {
		http.Error(w, "the body is not JSON", http.StatusBadRequest)
		return
	}
	s.switchTo(w, wanted.Version)
}

// rollBack is the hook that Pushback calls. It checks the signature before it
// parses anything, because the signature covers the raw body.
func (s *Shop) rollBack(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the body is larger than 1 MiB", http.StatusRequestEntityTooLarge)
		return
	}
	check, err := standardwebhooks.NewWebhook(s.secret)
	if err != nil || s.secret == "" || check.Verify(body, r.Header) != nil {
		http.Error(w, "the request has no valid signature of Pushback", http.StatusUnauthorized)
		return
	}
	var order struct {
		Target string `json:"target_version"`
	}
	if err := json.Unmarshal(body, &order); err != nil {
		http.Error(w, "the body is not JSON", http.StatusBadRequest)
		return
	}
	if s.switchTo(w, order.Target) && s.switched != nil {
		s.switched(s.Live())
	}
}

// switchTo switches the version and answers the request. False if there is no such
// version.
func (s *Shop) switchTo(w http.ResponseWriter, version string) bool {
	r, err := s.Switch(version)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return false
	}
	writeJSON(w, map[string]string{"version": r.Version})
	return true
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a failed write means that the client has gone
}
