//go:build !go1.24
// +build !go1.24

package main

func blockCleanups() {}
func makeNewerDue()  {}
func makeNewerTasks() {
	makeCoroutines()
}

func makeNewerThings() {
	makePinned()
	makeUnique()
}
