package rollback

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// markSize is the length of a token's mark, in bytes.
const markSize = 16

// ApprovalKey signs approval links. The holder of a link may approve or reject
// one order, as long as that order is proposed and has not expired. Once the
// order is decided, the link no longer works.
//
// See adr/0042 and adr/0094.
type ApprovalKey []byte

// ErrInvalidLink is wrapped by every refusal of an approval link.
var ErrInvalidLink = errors.New("this approval link is invalid, expired or already used")

// Token returns the token that the approval link of an order carries, in unpadded URL-safe
// base64: an HMAC-SHA256 over the order, and a mark over its key alone.
func (k ApprovalKey) Token(o Order) string {
	return base64.RawURLEncoding.EncodeToString(append(k.sign(o), k.mark(o.Key)...))
}

// CheckMark checks that a token was made for some order of a change, without the order. So a
// made-up token costs no look into the database, and many of them keep no right one
// waiting. Its error is for people and wraps ErrInvalidLink.
func (k ApprovalKey) CheckMark(changeKey, token string) error {
	given, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(k) == 0 || len(given) != sha256.Size+markSize || !hmac.Equal(given[sha256.Size:], k.mark(changeKey)) {
		return errAltered
	}
	return nil
}

// errAltered is the refusal of a token that this installation has not made for the order.
var errAltered = fmt.Errorf("%w: it was cut short or altered, or belongs to another rollback", ErrInvalidLink)

// CheckToken checks that a token lets its holder approve or reject the order at
// the time now. Its error is for people and wraps ErrInvalidLink.
func (k ApprovalKey) CheckToken(o Order, token string, now time.Time) error {
	switch {
	case len(k) == 0 || !hmac.Equal([]byte(token), []byte(k.Token(o))):
		return errAltered
	case o.State != Proposed:
		return fmt.Errorf("%w: the rollback is already %s", ErrInvalidLink, o.State)
	case !now.Before(o.ExpiresAt):
		return fmt.Errorf("%w: it expired at %s", ErrInvalidLink, o.ExpiresAt.UTC().Format("15:04 MST"))
	}
	return nil
}

// sign returns the signature over what is approved: the order's key, hook,
// target and epoch, and when it expires. The length before each text keeps two
// different orders from having the same bytes.
func (k ApprovalKey) sign(o Order) []byte {
	h := hmac.New(sha256.New, k)
	h.Write([]byte("pushback approval\x00"))
	for _, part := range []string{o.Key, o.Hook, o.Target} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	var numbers [16]byte
	binary.BigEndian.PutUint64(numbers[:8], uint64(o.Epoch))
	binary.BigEndian.PutUint64(numbers[8:], uint64(o.ExpiresAt.UnixMicro()))
	h.Write(numbers[:])
	return h.Sum(nil)
}

// mark returns the mark of the tokens for the orders of a change.
func (k ApprovalKey) mark(changeKey string) []byte {
	h := hmac.New(sha256.New, k)
	h.Write([]byte("pushback approval mark\x00" + changeKey))
	return h.Sum(nil)[:markSize]
}
