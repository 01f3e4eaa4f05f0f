package shoutrrr

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/pushback/pushback/notify"
)

// The library's own client of Matrix puts the token into the query, where servers log it, joins the rooms each time,
// sends twice what is tried twice, and cannot be given a client. So the one call that is needed is made here, from the
// same URL.
//
// See https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid.

var roomID = regexp.MustCompile(`^![A-Za-z0-9._=+:-]{1,250}$`)

// rooms are the IDs of the rooms in a URL.
func rooms(u *url.URL) (all []string) {
	for _, name := range []string{"rooms", "room"} {
		for room := range strings.SplitSeq(u.Query().Get(name), ",") {
			if room != "" {
				all = append(all, room)
			}
		}
	}
	return all
}

func checkMatrix(u *url.URL) error {
	token, has := u.User.Password()
	switch {
	case u.User.Username() != "":
		return errMatrixUser
	case u.Host == "" || !has || token == "":
		return errMatrixToken
	}
	all := rooms(u)
	for _, room := range all {
		if !roomID.MatchString(room) {
			return errNoRoom
		}
	}
	if len(all) == 0 {
		return errNoRoom
	}
	return nil
}

// text is an event whose body mentions nobody, whatever it says.
type text struct {
	Type     string   `json:"msgtype"`
	Body     string   `json:"body"`
	Mentions struct{} `json:"m.mentions"`
}

// sendMatrix sends to each room. The same message has the same transaction at every attempt, which the server then
// takes once.
func sendMatrix(c *call, u *url.URL, m notify.Message, body string) error {
	content, err := json.Marshal(text{Type: "m.text", Body: body})
	if err != nil {
		return err
	}
	whole, err := json.Marshal(m)
	if err != nil {
		return err
	}
	transaction := sha256.Sum256(whole)
	scheme := "https"
	if strings.EqualFold(u.Query().Get("disableTLS"), "yes") {
		scheme = "http"
	}
	token, _ := u.User.Password()
	for _, room := range rooms(u) {
		address := scheme + "://" + u.Host + "/_matrix/client/v3/rooms/" + url.PathEscape(room) + "/send/m.room.message/" + hex.EncodeToString(transaction[:16])
		r, err := http.NewRequestWithContext(c.ctx, http.MethodPut, address, bytes.NewReader(content))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		answer, err := c.Do(r)
		if err != nil {
			return err
		}
		if err := answer.Body.Close(); err != nil {
			return err
		}
	}
	return nil
}
