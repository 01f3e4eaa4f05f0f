package server

import (
	"net/http"
	"slices"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// taken is one event of a delivery, as its source sent it, and what came of it.
type taken struct {
	event    sources.Event
	accepted store.Accepted
}

// changesOf are the changes that a delivery is about, the main one first, each with its last event.
func changesOf(all []taken) (each []taken) {
	for _, t := range slices.Backward(all) {
		i := slices.IndexFunc(each, func(o taken) bool { return o.accepted.Change.Key == t.accepted.Change.Key })
		if i < 0 {
			each = append(each, t)
			continue
		}
		each[i].accepted.Created = each[i].accepted.Created || t.accepted.Created // a tool may tell the start with the end
	}
	return each
}

// acceptedAll is the answer to a delivery. A change that one of its events began is a new one.
func acceptedAll(all []taken) api.Accepted {
	each := changesOf(all)
	answer := accepted(each[0].accepted)
	for _, t := range each[1:] {
		c := t.accepted.Change
		answer.Others = append(answer.Others, api.AcceptedChange{Key: c.Key, Service: c.Service, Created: t.accepted.Created, Duplicate: t.accepted.Duplicate})
	}
	return answer
}

func acceptedStatus(a api.Accepted) int {
	if a.Created || slices.ContainsFunc(a.Others, func(c api.AcceptedChange) bool { return c.Created }) {
		return http.StatusCreated
	}
	return http.StatusOK
}
