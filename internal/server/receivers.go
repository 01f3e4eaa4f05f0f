package server

import "net/http"

// anyReceiver is the name under which Options.Receivers has what answers where there is no receiver of a name.
const anyReceiver = ""

// receiveCommand takes what the tool of a receiver posts when people press something in it. It needs no token: the
// receiver verifies each request itself, over the raw body, which is bounded before that. Strangers get the answer
// that a request without a signature gets also where there is no receiver of the name, so that they learn no names.
func (s *Server) receiveCommand(w http.ResponseWriter, r *http.Request) {
	h := s.Receivers[r.PathValue("receiver")]
	if h == nil && !s.mayRead(r) {
		h = s.Receivers[anyReceiver]
	}
	if h == nil {
		writeProblem(w, problem(http.StatusNotFound, "there is no receiver of that name that hears anything", "docs/receivers.md says which kinds do, and what they need"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	h.ServeHTTP(w, r)
}
