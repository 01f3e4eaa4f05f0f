package outbound

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// minKeyBytes is the least length of a key in the Standard Webhooks specification.
const minKeyBytes = 24

// Sign adds the three headers of the Standard Webhooks specification
// (https://www.standardwebhooks.com): the id, the time at, and the signature
// v1,<base64 HMAC-SHA256 of id.timestamp.body>. A secret that begins with whsec_ is
// decoded as base64; any other secret is itself the key.
func Sign(h http.Header, secret, id string, at time.Time, body []byte) error {
	key, err := signingKey(secret)
	if err != nil {
		return err
	}
	signer, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	signature, err := signer.Sign(id, at, body)
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return nil
}

func signingKey(secret string) ([]byte, error) {
	key := []byte(secret)
	if encoded, found := strings.CutPrefix(secret, "whsec_"); found {
		var err error
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, errors.New("the signing secret begins with whsec_, but the rest is not base64")
		}
	}
	if len(key) < minKeyBytes {
		return nil, fmt.Errorf("the signing secret is under %d bytes: make one with `openssl rand -base64 32`", minKeyBytes)
	}
	return key, nil
}
