package forges

import (
	"net/http"
	"slices"
	"testing"
	"time"
	"unicode/utf8"
)

// GitLab is a scripted GitLab with one project, 42.
type GitLab struct {
	forge
	token  string
	merges map[string]int64 // by commit: the merge request that brought it, 0 for none; one that is not here is unknown

	notes    []*Comment
	statuses []Status

	heads   map[int64]string // by the number of a merge request: the newest commit of its source branch
	checked []CheckStatus
}

// NewGitLab starts a GitLab that takes one token. merges are its commits.
func NewGitLab(t testing.TB, token string, merges map[string]int64) *GitLab {
	t.Helper()
	g := &GitLab{token: token, merges: merges, heads: map[int64]string{}}
	mux := http.NewServeMux()
	const project = "/api/v4/projects/42"
	mux.HandleFunc("POST "+project+"/statuses/{sha}", g.setStatus)
	mux.HandleFunc("GET "+project+"/repository/commits/{sha}/merge_requests", g.listMerges)
	mux.HandleFunc("GET "+project+"/merge_requests/{iid}/notes", g.listNotes)
	mux.HandleFunc("POST "+project+"/merge_requests/{iid}/notes", g.createNote)
	mux.HandleFunc("PUT "+project+"/merge_requests/{iid}/notes/{id}", g.updateNote)
	mux.HandleFunc("POST "+project+"/merge_requests/{iid}/status_check_responses", g.setCheck)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "404 Project Not Found") })
	g.start(t, mux, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("PRIVATE-TOKEN") != g.token {
			refuse(w, http.StatusUnauthorized, "401 Unauthorized")
			return false
		}
		return true
	})
	return g
}

func (g *GitLab) known(w http.ResponseWriter, sha string) bool {
	_, known := g.merges[sha]
	if !known {
		refuse(w, http.StatusNotFound, "404 Commit Not Found")
	}
	return known
}

// setStatus refuses what GitLab's state machine refused until 18.3: a status that is set already.
func (g *GitLab) setStatus(w http.ResponseWriter, r *http.Request) {
	s := Status{SHA: r.PathValue("sha")}
	if !g.known(w, s.SHA) || !read(w, r, &s) || !require(w, map[string]bool{
		"state does not have a valid value":                   slices.Contains([]string{"pending", "running", "success", "failed", "canceled", "skipped"}, s.State),
		"description is too long (maximum is 255 characters)": utf8.RuneCountInString(s.Description) <= 255,
	}) {
		return
	}
	for _, old := range slices.Backward(g.statuses) {
		if old.SHA == s.SHA && old.Name == s.Name && old.State == s.State && s.State == "running" {
			refuse(w, http.StatusBadRequest, "Cannot transition status via :run from :running (Reason(s): Status cannot transition via \"run\")")
			return
		}
		if old.SHA == s.SHA && old.Name == s.Name {
			break
		}
	}
	g.statuses = append(g.statuses, s)
	answer(w, http.StatusCreated, s)
}

func (g *GitLab) listMerges(w http.ResponseWriter, r *http.Request) {
	sha := r.PathValue("sha")
	if !g.known(w, sha) {
		return
	}
	all := []map[string]any{}
	if iid := g.merges[sha]; iid != 0 {
		all = append(all, map[string]any{"iid": iid + 1, "merge_commit_sha": nil}, map[string]any{"iid": iid, "merge_commit_sha": sha, "squash_commit_sha": nil})
	}
	answer(w, http.StatusOK, all)
}

func (g *GitLab) listNotes(w http.ResponseWriter, r *http.Request) {
	var all []*Comment
	for _, n := range slices.Backward(g.notes) {
		if n.On == number(r, "iid") {
			all = append(all, n)
		}
	}
	answer(w, http.StatusOK, page(r, all))
}

func (g *GitLab) createNote(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Body string `json:"body"`
	}
	if !read(w, r, &body) || !require(w, map[string]bool{"body is missing": body.Body != ""}) {
		return
	}
	answer(w, http.StatusCreated, g.add(number(r, "iid"), body.Body))
}

func (g *GitLab) add(iid int64, body string) *Comment {
	n := &Comment{ID: g.id(), On: iid, Body: body, UpdatedAt: time.Now().UTC()}
	g.notes = append(g.notes, n)
	return n
}

func (g *GitLab) updateNote(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Body string `json:"body"`
	}
	if !read(w, r, &body) {
		return
	}
	for _, n := range g.notes {
		if n.ID == number(r, "id") {
			n.Body = body.Body
			n.Edits++
			answer(w, http.StatusOK, n)
			return
		}
	}
	refuse(w, http.StatusNotFound, "404 Not found")
}

// AddNote is a note of somebody else.
func (g *GitLab) AddNote(iid int64, body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.add(iid, body)
}

// Notes are the notes, the oldest first.
func (g *GitLab) Notes() (all []Comment) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, n := range g.notes {
		all = append(all, *n)
	}
	return all
}

// Statuses are the statuses of commits, the oldest first.
func (g *GitLab) Statuses() []Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.statuses)
}
