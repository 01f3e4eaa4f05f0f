package server

import (
	"net/http"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
)

// The headers of the handshake (HTTP 1.1 Web Hooks for Event Delivery, section 4).
const (
	requestOrigin = "WebHook-Request-Origin"
	allowedOrigin = "WebHook-Allowed-Origin"
	allowedRate   = "WebHook-Allowed-Rate"
)

// handshake answers a sender that asks whether it may deliver. A sender that no source has in its origins is
// told what everybody is: that the address takes POST. No address to call back is taken from the request
// (WebHook-Request-Callback), because strangers must not make Pushback call anybody.
func (s *Server) handshake(w http.ResponseWriter, r *http.Request) {
	source, can := s.Sources[r.PathValue("source")].Source.(changes.Handshaker)
	origin := signature.Once(r.Header, requestOrigin)
	w.Header().Set("Allow", http.MethodPost)
	if !can || origin == "" || !source.AllowsOrigin(origin) {
		writeProblem(w, nothingHere(http.StatusMethodNotAllowed, r, http.MethodPost))
		return
	}
	w.Header().Set(allowedOrigin, origin)
	w.Header().Set(allowedRate, "*") // requests a minute; what comes too fast is answered with 503 and sent again
	w.WriteHeader(http.StatusOK)
}
