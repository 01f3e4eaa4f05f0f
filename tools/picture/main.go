// Command picture takes a picture of a page once its plots are drawn. docs/img/picture runs it: Chromium's own
// --screenshot takes the page before that, because the page asks for its plots after it is loaded.
//
//	picture http://127.0.0.1:8499/changes/kq3v5d2y7m change.png
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/pushback/pushback/internal/proof/browser"
)

const (
	width, height = 1280, 1310 // of the picture, in pixels
	limit         = time.Minute
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: picture ADDRESS FILE")
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	ctx, end := chromedp.NewExecAllocator(ctx, browser.Options("chromium")...)
	defer end()
	ctx, closePage := chromedp.NewContext(ctx)
	defer closePage()
	err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height), chromedp.Navigate(args[0]), chromedp.WaitVisible(chromedp.CSS(".plot canvas")))
	if err != nil {
		return fmt.Errorf("opening %s: %w", args[0], err)
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return fmt.Errorf("taking the picture: %w", err)
	}
	return os.WriteFile(args[1], picture, 0o644) //nolint:gosec // it is published
}
