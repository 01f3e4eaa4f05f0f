package signature

import (
	"crypto/sha512"
	"encoding/hex"
)

// HexHMACSHA512 is the hex HMAC-SHA512 of the body in a header, as HCP Terraform signs its
// notifications.
func HexHMACSHA512(header string) Scheme {
	return ofBody(header, sha512.New, hex.DecodeString)
}
