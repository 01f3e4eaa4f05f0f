package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Services fall into many shares, by a hash of their names: so many that the replicas have
// about equally many, and few enough to be named in a statement. PostgreSQL computes the
// same hash, so that a replica reads only what is its own.
const (
	shareDigits    = 3 // of the hash, hexadecimal
	shareOfService = `substr(encode(sha256(convert_to(service, 'UTF8')), 'hex'), 1, 3)`
)

// ShareOf is the share that a service is in.
func ShareOf(service string) string {
	sum := sha256.Sum256([]byte(service))
	return hex.EncodeToString(sum[:])[:shareDigits]
}

// Shares are all shares.
func Shares() []string {
	all := make([]string, 1<<(4*shareDigits))
	for i := range all {
		all[i] = fmt.Sprintf("%0*x", shareDigits, i)
	}
	return all
}
