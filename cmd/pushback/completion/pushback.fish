# Completion of pushback for fish. Install it as
# /usr/share/fish/vendor_completions.d/pushback.fish, or write into config.fish:
#   pushback completion fish | source
function __pushback_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    for line in (command $words[1] __complete -- $words[2..-1] "$word" 2>/dev/null)
        if test "$line" = :files
            set -l kept (string match -r '^--[^=]*=' -- "$word")
            for file in (__fish_complete_path (string replace -r '^--[^=]*=' '' -- "$word"))
                echo "$kept$file"
            end
        else
            echo $line
        end
    end
end
complete -c pushback -f -a '(__pushback_complete)'
