package forges

import (
	"fmt"
	"net/http"
	"slices"
)

// Review is the answer to a deployment that was held back.
type Review struct {
	Run         int64  `json:"-"`
	Environment string `json:"environment_name"`
	State       string `json:"state"`
	Comment     string `json:"comment"`
}

// Hold makes a run of a workflow wait before an environment, and returns the address for the answer.
func (g *GitHub) Hold(run int64, environment string) (callback string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held[fmt.Sprint(run, " ", environment)] = ""
	return fmt.Sprintf("%s/repos/acme/cart/actions/runs/%d/deployment_protection_rule", g.URL, run)
}

// review takes one answer for each deployment that waits, and answers 204 without a body.
func (g *GitHub) review(w http.ResponseWriter, r *http.Request) {
	review := Review{Run: number(r, "id")}
	if !read(w, r, &review) {
		return
	}
	key := fmt.Sprint(review.Run, " ", review.Environment)
	before, waits := g.held[key]
	if !require(w, map[string]bool{
		"environment_name is missing":                review.Environment != "",
		"state is not included in the list":          review.State == "approved" || review.State == "rejected",
		"there is no pending deployment to review":   waits && before == "",
		"comment is missing, or longer than allowed": review.Comment != "" && len(review.Comment) <= maxComment,
	}) {
		return
	}
	g.held[key] = review.State
	g.reviews = append(g.reviews, review)
	w.WriteHeader(http.StatusNoContent)
}

// Reviews are the answers that were taken, the oldest first.
func (g *GitHub) Reviews() []Review {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.reviews)
}
