package kubetest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// list answers a page of the objects.
func (s *Server) list(w http.ResponseWriter, r *http.Request, c scope) {
	s.mu.Lock()
	all, version := s.present(c), s.version
	s.mu.Unlock()
	metadata := Map{"resourceVersion": strconv.Itoa(version)}
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	all = all[min(from, len(all)):]
	if limit > 0 && len(all) > limit {
		all = all[:limit]
		metadata["continue"] = strconv.Itoa(from + limit)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(Map{"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": all})
}

// present are the objects of a scope, by name.
func (s *Server) present(c scope) []Map {
	all := []Map{}
	for _, name := range slices.Sorted(maps.Keys(s.objects)) {
		if resource, _, _ := strings.Cut(name, "/"); c.holds(resource, s.objects[name]) {
			all = append(all, s.objects[name])
		}
	}
	return all
}

// watch sends events until the connection is cut.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, c scope) {
	q := r.URL.Query()
	since, _ := strconv.Atoi(q.Get("resourceVersion"))
	initial := q.Get("sendInitialEvents") == "true"
	if initial && !s.Streams {
		refuse(w, http.StatusUnprocessableEntity)
		return
	}
	s.mu.Lock()
	cut, gone := s.cut, since < s.compacted && !initial
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	send := func(kind string, object Map) { _ = json.NewEncoder(w).Encode(Map{"type": kind, "object": object}) }
	if gone {
		send("ERROR", refusal(http.StatusGone))
		return
	}
	if initial {
		since = s.sendInitial(send, c)
	}
	for {
		s.mu.Lock()
		pending, changed := s.after(since, c), s.changed
		since = s.version
		s.mu.Unlock()
		for _, e := range pending {
			send(e.kind, e.object)
		}
		w.(http.Flusher).Flush()
		select {
		case <-changed:
		case <-cut:
			panic(http.ErrAbortHandler) // resets the connection
		case <-r.Context().Done():
			return
		}
	}
}

// sendInitial sends all objects, and the bookmark that ends them.
func (s *Server) sendInitial(send func(string, Map), c scope) (version int) {
	s.mu.Lock()
	all, version := s.present(c), s.version
	s.mu.Unlock()
	for _, o := range all {
		send("ADDED", o)
	}
	kind := Map{"kind": "Deployment", "apiVersion": "apps/v1"}
	kind["metadata"] = Map{"resourceVersion": strconv.Itoa(version), "annotations": Map{"k8s.io/initial-events-end": "true"}}
	send("BOOKMARK", kind)
	return version
}

func (s *Server) after(version int, c scope) (all []event) {
	for _, e := range s.events {
		switch {
		case e.version <= version:
		case e.kind == "BOOKMARK" && e.resource == c.resource:
			e.object = Map{"kind": "Deployment", "apiVersion": "apps/v1", "metadata": e.object["metadata"]}
			all = append(all, e)
		case e.kind != "BOOKMARK" && c.holds(e.resource, e.object):
			all = append(all, e)
		}
	}
	return all
}
