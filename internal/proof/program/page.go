package program

import "os"

// WritePage writes a page of docs; an empty path writes none.
func WritePage(path, text string) error {
	if path == "" {
		return nil
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
