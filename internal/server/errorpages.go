package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/server/api"
)

// withErrorPages answers people with a page where a program gets a problem: whatever writes the
// problem need not know who asks. frame is what surrounds the page.
func (s *Server) withErrorPages(frame func(r *http.Request, title string) web.Frame, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !wantsPage(r) {
			next.ServeHTTP(w, r)
			return
		}
		held := &problemHolder{ResponseWriter: w}
		next.ServeHTTP(held, r)
		if held.status == 0 {
			return
		}
		var p api.Problem
		if json.Unmarshal(held.body.Bytes(), &p) != nil || p.Status == 0 {
			w.Header().Set("Content-Type", api.ProblemType)
			w.WriteHeader(held.status)
			_, _ = w.Write(held.body.Bytes())
			return
		}
		s.writeProblemPage(w, r, frame(r, p.Title), &p)
	})
}

// wantsPage says whether a browser asks for something to show. Scripts of pages ask for JSON, and
// programs for anything.
func wantsPage(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// bareFrame is the frame of a page for whoever may be nobody we know: it says nothing of what happens.
func bareFrame(_ *http.Request, title string) web.Frame { return web.Frame{Title: title} }

// writeProblemPage writes what went wrong as a page.
func (s *Server) writeProblemPage(w http.ResponseWriter, r *http.Request, f web.Frame, p *api.Problem) {
	var page bytes.Buffer
	if err := s.pages.Problem(&page, web.Problem{Frame: f, Status: p.Status, Detail: p.Detail, Hint: p.Hint, Keys: p.Keys}); err != nil {
		s.Log.Error("cannot render a page; answering with the problem as JSON", "path", r.URL.Path, "error", err)
		writeProblem(w, p)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(page.Len()))
	w.WriteHeader(p.Status)
	_, _ = w.Write(page.Bytes())
}

// problemHolder keeps an answer that is a problem, and lets every other through. One that is
// compressed already is let through as well.
type problemHolder struct {
	http.ResponseWriter
	status int // of the problem; 0: the answer is none
	began  bool
	body   bytes.Buffer
}

// WriteHeader begins the answer, or holds it back.
func (h *problemHolder) WriteHeader(status int) {
	if status < http.StatusOK {
		h.ResponseWriter.WriteHeader(status)
		return
	}
	if h.began {
		return
	}
	h.began = true
	if header := h.Header(); header.Get("Content-Type") == api.ProblemType && header.Get("Content-Encoding") == "" {
		h.status = status
		header.Del("Content-Length")
		return
	}
	h.ResponseWriter.WriteHeader(status)
}

func (h *problemHolder) Write(b []byte) (int, error) {
	if !h.began {
		h.WriteHeader(http.StatusOK)
	}
	if h.status != 0 {
		return h.body.Write(b)
	}
	return h.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection, which the stream needs to flush.
func (h *problemHolder) Unwrap() http.ResponseWriter { return h.ResponseWriter }
