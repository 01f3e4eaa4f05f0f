package forges

import (
	"net/http"
	"slices"
)

// StatusCheck is the number of the one external status check of the project.
const StatusCheck = 1

// CheckStatus is a status of the external status check, as it was set.
type CheckStatus struct {
	Merge  int64  `json:"-"`
	SHA    string `json:"sha"`
	Check  int64  `json:"external_status_check_id"`
	Status string `json:"status"`
}

// Push makes a commit the newest of a merge request's source branch. Its status check is pending then.
func (g *GitLab) Push(merge int64, sha string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heads[merge] = sha
}

// setCheck answers 201, and 409 where the commit is not the newest: as often as it is asked.
func (g *GitLab) setCheck(w http.ResponseWriter, r *http.Request) {
	s := CheckStatus{Merge: number(r, "iid")}
	if !read(w, r, &s) {
		return
	}
	head, known := g.heads[s.Merge]
	switch {
	case !slices.Contains([]string{"passed", "failed", "pending"}, s.Status):
		refuse(w, http.StatusBadRequest, "status does not have a valid value")
	case !known || s.Check != StatusCheck:
		refuse(w, http.StatusNotFound, "404 Not found")
	case s.SHA != head:
		refuse(w, http.StatusConflict, "SHA does not match HEAD of source branch: %s", head)
	default:
		g.checked = append(g.checked, s)
		answer(w, http.StatusCreated, map[string]any{"id": len(g.checked), "external_status_check": map[string]any{"id": s.Check}})
	}
}

// CheckStatuses are the statuses that were taken, and those of Retry, the oldest first.
func (g *GitLab) CheckStatuses() []CheckStatus {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.checked)
}

// CheckOf is what people see of the status check of a merge request: the last status of its newest commit.
func (g *GitLab) CheckOf(merge int64) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range slices.Backward(g.checked) {
		if s.Merge == merge && s.SHA == g.heads[merge] {
			return s.Status
		}
	}
	return "pending"
}

// Retry puts the status check of a merge request back, as the button does.
func (g *GitLab) Retry(merge int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.checked = append(g.checked, CheckStatus{Merge: merge, SHA: g.heads[merge], Check: StatusCheck, Status: "pending"})
}
