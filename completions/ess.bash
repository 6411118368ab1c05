# Completion of ess, made by `python -m ess_cli.completion`; changes get lost.
# Commands, options and fixed values stand in here; only names are asked of `ess __complete`.

# Sets what may follow a command: commands, or arguments by kind; and options, as names=kind, where
# names are apart by | and begin with + for one that may be repeated. Fails for no command.
_ess_at() {
    commands='' arguments=''
    options='-h|--help -p|--profile=names:profiles --base-url=text --token-file=files --user-token-file=files -o|--output=words:table,json,jsonl,yaml,csv,tsv,name --json --query=text --no-header --excel -q|--quiet -v|--verbose --debug --no-color --timeout=text --no-input -V|--version'
    case $1 in
    '')
        commands='topics subs delivery-cfg deliveries buffer-files event-types dictionaries auth profile listen sandbox api completion help'
        options+=' -c|--columns=text' ;;
    ' topics')
        commands='list event-types dump'
        options+=' -c|--columns=text' ;;
    ' topics list')
        options+=' --limit=text --offset=text --page-size=text --all --sort=words:name,service,event-types +|--param=text -c|--columns=list:name,service,event-types' ;;
    ' topics event-types')
        arguments='names:topics'
        options+=' --limit=text --offset=text --page-size=text --all --sort=words:id,validation,mandatory,optional +|--param=text -c|--columns=list:id,validation,mandatory,optional' ;;
    ' topics dump')
        arguments='names:topics'
        options+=' --compression|--no-compression --compression-type=words:gzip --wait --out=files --wait-for=text --resume=text --since=text +|--allow-file-host=text --max-size=text -n|--dry-run -y|--yes --confirm=text --lock --max-duration=text -c|--columns=list:reference-id' ;;
    ' subs')
        commands='list mdn mdn-count get create update end'
        options+=' -c|--columns=text' ;;
    ' subs list')
        options+=' --topic=names:topics --event-type=names:event-types --cfg=names:delivery-cfg --limit=text --offset=text --page-size=text --all --sort=words:id,topic,event-type,cfg-id,configuration,match,start +|--param=text -c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start' ;;
    ' subs mdn')
        arguments='text'
        options+=' --match=text --topic=names:topics -c|--columns=list:cfg-id,configuration,event-types' ;;
    ' subs mdn-count')
        options+=' -c|--columns=list:topic,numbers' ;;
    ' subs get')
        arguments='names:topics text'
        options+=' -c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start' ;;
    ' subs create')
        options+=' --topic=names:topics --cfg=names:delivery-cfg --event-type=names:event-types --match=text --number=text --start-date=text --end-date=text --allow-duplicate -n|--dry-run -y|--yes --confirm=text -c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start' ;;
    ' subs update')
        arguments='names:topics text'
        options+=' --match=text --no-match --start-date=text --end-date=text --no-end-date -n|--dry-run -y|--yes --confirm=text -c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start' ;;
    ' subs end')
        arguments='names:topics text'
        options+=' --at=text -n|--dry-run -y|--yes --confirm=text -c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start' ;;
    ' delivery-cfg')
        commands='list get create update enable disable auth'
        options+=' -c|--columns=text' ;;
    ' delivery-cfg list')
        options+=' --limit=text --offset=text --page-size=text --all --sort=words:id,name,active,format,throttling,cron,address,protocol,latest-event-only +|--param=text -c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only' ;;
    ' delivery-cfg get')
        arguments='names:delivery-cfg'
        options+=' -c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only' ;;
    ' delivery-cfg create')
        options+=' --name=text --addr=text --format=words:JSON,XML --protocol=words:REST --throttling=text --cron=text --latest-event-only|--no-latest-event-only --inactive -n|--dry-run -y|--yes --confirm=text -c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only' ;;
    ' delivery-cfg update')
        arguments='names:delivery-cfg'
        options+=' --name=text --addr=text --format=words:JSON,XML --protocol=words:REST --throttling=text --no-throttling --cron=text --latest-event-only|--no-latest-event-only --active|--inactive -n|--dry-run -y|--yes --confirm=text -c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only' ;;
    ' delivery-cfg enable')
        arguments='names:delivery-cfg'
        options+=' -n|--dry-run -y|--yes --confirm=text -c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only' ;;
    ' delivery-cfg disable')
        arguments='names:delivery-cfg'
        options+=' -n|--dry-run -y|--yes --confirm=text -c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only' ;;
    ' delivery-cfg auth')
        commands='get set'
        options+=' -c|--columns=text' ;;
    ' delivery-cfg auth get')
        arguments='names:delivery-cfg'
        options+=' --reveal -c|--columns=list:type,setting,value' ;;
    ' delivery-cfg auth set')
        arguments='names:delivery-cfg'
        options+=' --type=words:BASIC,OAUTH,NONE --username=text --password-file=files --settings-file=files -n|--dry-run -y|--yes --confirm=text -c|--columns=list:type,setting,value' ;;
    ' deliveries')
        commands='list attempts track summary check metrics tail export mark-handled report'
        options+=' -c|--columns=text' ;;
    ' deliveries list')
        options+=' --status=words:SUCCESS,PENDING,RETRY,FAILED --topic=names:topics --event-type=names:event-types --cfg=names:delivery-cfg --since=text --until=text --limit=text --offset=text --page-size=text --all --sort=words:event-id,time,status,topic,event-type,cfg-id,configuration,address,body +|--param=text -c|--columns=list:event-id,time,status,topic,event-type,cfg-id,configuration,address,body' ;;
    ' deliveries attempts')
        options+=' --status=words:SUCCESS,PENDING,RETRY,FAILED --topic=names:topics --event-type=names:event-types --cfg=names:delivery-cfg --since=text --until=text --limit=text --offset=text --page-size=text --all --sort=words:event-id,time,attempt,result,http,answer,status,topic,event-type,configuration,event-time,address,body +|--param=text -c|--columns=list:event-id,time,attempt,result,http,answer,status,topic,event-type,configuration,event-time,address,body' ;;
    ' deliveries track')
        arguments='text names:delivery-cfg'
        options+=' -c|--columns=list:attempt,time,status,http,answer' ;;
    ' deliveries summary')
        options+=' --by=words:cfg,topic,event-type --totals --out=files --lock --max-duration=text -c|--columns=list:configuration,topic,event-type,pending,retry,failed' ;;
    ' deliveries check')
        options+=' +|--max-failed=text +|--max-retry=text +|--max-pending=text --max-age=text --nagios --lock --max-duration=text -c|--columns=text' ;;
    ' deliveries metrics')
        options+=' --textfile=files --lock --max-duration=text -c|--columns=text' ;;
    ' deliveries tail')
        options+=' --status=words:SUCCESS,PENDING,RETRY,FAILED --topic=names:topics --event-type=names:event-types --cfg=names:delivery-cfg --since=text --interval=text --look-back=text --forward-to=text --envelope --count=text --for=text +|--param=text --lock --max-duration=text -c|--columns=list:event-id,time,status,topic,event-type,cfg-id,configuration,address,body' ;;
    ' deliveries export')
        options+=' --to=files --attempts --format=words:parquet,jsonl,jsonl.gz,csv,csv.gz --status=words:SUCCESS,PENDING,RETRY,FAILED --topic=names:topics --event-type=names:event-types --cfg=names:delivery-cfg --since=text --until=text --body=text --incremental=files --overlap=text --page-size=text +|--param=text --lock --max-duration=text -c|--columns=list:file,rows' ;;
    ' deliveries mark-handled')
        options+=' --event-id=text --topic=names:topics --event-type=names:event-types --cfg=names:delivery-cfg --timestamp=text -n|--dry-run -y|--yes --confirm=text -c|--columns=list:updated' ;;
    ' deliveries report')
        options+=' --html=files --topic=names:topics --event-type=names:event-types --cfg=names:delivery-cfg --since=text --until=text +|--param=text --lock --max-duration=text -c|--columns=text' ;;
    ' buffer-files')
        commands='list'
        options+=' -c|--columns=text' ;;
    ' buffer-files list')
        options+=' --limit=text --offset=text --page-size=text --all --sort=words:id,cfg-id,configuration,status,opened,closed +|--param=text -c|--columns=list:id,cfg-id,configuration,status,opened,closed' ;;
    ' event-types')
        commands='list get'
        options+=' -c|--columns=text' ;;
    ' event-types list')
        options+=' --limit=text --offset=text --page-size=text --all --sort=words:id,validation,mandatory,optional +|--param=text -c|--columns=list:id,validation,mandatory,optional' ;;
    ' event-types get')
        arguments='names:event-types'
        options+=' -c|--columns=list:field,type,mandatory' ;;
    ' dictionaries')
        commands='get'
        options+=' -c|--columns=text' ;;
    ' dictionaries get')
        arguments='words:delivery-formats,delivery-protocols,authentication-types'
        options+=' --limit=text --offset=text --page-size=text --all --sort=words:code,description +|--param=text -c|--columns=list:code,description' ;;
    ' auth')
        commands='login logout status refresh'
        options+=' -c|--columns=text' ;;
    ' auth login')
        options+=' --with-token -c|--columns=text' ;;
    ' auth logout')
        options+=' -c|--columns=text' ;;
    ' auth status')
        options+=' --offline -c|--columns=list:secret,source,value,origin,profile,accepted' ;;
    ' auth refresh')
        options+=' --consumer-key-file=files --consumer-secret-file=files --validity=text -n|--dry-run -y|--yes --confirm=text --lock --max-duration=text -c|--columns=text' ;;
    ' profile')
        commands='list show use set remove'
        options+=' -c|--columns=text' ;;
    ' profile list')
        options+=' -c|--columns=list:name,base-url,active,protected,built-in,output,timeout,token-command,company-id,ca-bundle,auto-refresh' ;;
    ' profile show')
        arguments='names:profiles'
        options+=' -c|--columns=list:setting,value,source' ;;
    ' profile use')
        arguments='names:profiles'
        options+=' -c|--columns=text' ;;
    ' profile set')
        arguments='names:profiles'
        options+=' --protected|--no-protected --token-command=text --company-id=text --ca-bundle=files --auto-refresh|--no-auto-refresh --refresh-path=text --consumer-key-file=files --consumer-secret-file=files --no-base-url --no-output --no-timeout --no-token-command --no-company-id --no-ca-bundle --no-refresh-path --no-consumer-key-file --no-consumer-secret-file -n|--dry-run -y|--yes --confirm=text -c|--columns=list:name,base-url,active,protected,built-in,output,timeout,token-command,company-id,ca-bundle,auto-refresh' ;;
    ' profile remove')
        arguments='names:profiles'
        options+=' -n|--dry-run -y|--yes --confirm=text -c|--columns=text' ;;
    ' listen')
        options+=' --port=text --status=text --fail-first=text --delay=text --basic=text --password-file=files --save=files --forward-to=text --count=text --for=text -c|--columns=list:received,topic,event-type,event-id,attempt,verdict,detail,status,timestamp,event' ;;
    ' sandbox')
        commands='status reset serve faults emit seed'
        options+=' -c|--columns=text' ;;
    ' sandbox status')
        options+=' -c|--columns=list:fact,value' ;;
    ' sandbox reset')
        options+=' -n|--dry-run -y|--yes --confirm=text -c|--columns=text' ;;
    ' sandbox serve')
        options+=' --port=text +|--allow-host=text --retry-schedule=text --clock-speed=text --delivery-timeout=text +|--fault=text --fault-seed=text --expire-tokens=text -c|--columns=text' ;;
    ' sandbox faults')
        options+=' -c|--columns=list:name,kind,effect' ;;
    ' sandbox emit')
        arguments='names:event-types'
        options+=' --topic=names:topics +|--field=text --file=files --count=text --rate=text -n|--dry-run -y|--yes --confirm=text -c|--columns=list:event-id,topic,event-type,configurations,timestamp' ;;
    ' sandbox seed')
        options+=' --subscriptions=text --deliveries=text -n|--dry-run -y|--yes --confirm=text -c|--columns=text' ;;
    ' api')
        arguments='words:GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS words:/topics,/topic-subscriptions,/topic-subscriptions/mdn,/topic-subscriptions/uniqueMdnCount,/delivery-configurations,/event-deliveries,/event-delivery-attempts,/event-deliveries/summary,/event-buffer-files,/event-types'
        options+=' --data=files +|--field=text -n|--dry-run -y|--yes --confirm=text -c|--columns=text' ;;
    ' completion')
        arguments='words:bash,zsh,fish,powershell'
        options+=' -c|--columns=text' ;;
    ' help')
        arguments='words:exit-codes,environment,output'
        options+=' -c|--columns=text' ;;
    *) return 1 ;;
    esac
}

_ess() {
    local words cur head quote redirected commands arguments options
    local path='' pending='' before='' profile='' used=' ' dashes='' kind='' program=ess
    local position=0 word found IFS=$' \t\n'
    COMPREPLY=() found=()
    _ess_split
    [[ ${words[0]} == */* && -x ${words[0]} ]] && program=${words[0]}
    _ess_at ''
    for word in "${words[@]:1}"; do
        _ess_pass "$word" || return 0
    done
    if [[ $redirected ]]; then
        kind=files
    elif [[ $pending ]]; then
        _ess_kind "$pending"
    elif [[ ! $dashes && $cur == --*=* ]]; then
        before=${cur%%=*}=
        _ess_kind "${cur%%=*}"
    elif [[ ! $dashes && $cur == -* ]]; then
        kind=options
    elif [[ $commands ]]; then
        kind=words:${commands// /,}
    else
        _ess_argument
    fi
    _ess_values "$kind" "${cur#"$before"}"
    _ess_reply
}

# Splits the line up to the cursor as the shell would. cur has its quotes taken off; head is the
# part of it that readline leaves alone, and quote the one that is still open.
_ess_split() {
    local line=${COMP_LINE:0:COMP_POINT} started='' outer='' i c
    words=() cur='' head='' quote='' redirected=''
    for (( i = 0; i < ${#line}; i++ )); do
        c=${line:i:1}
        if [[ $quote && $c == "$quote" ]]; then
            quote='' head=$outer
        elif [[ $quote == '"' && $c == \\ && ${line:i+1:1} == [\$\`\"\\] ]]; then
            i=$(( i + 1 ))
            cur+=${line:i:1}
        elif [[ $quote ]]; then
            cur+=$c
        elif [[ $c == [\'\"] ]]; then
            quote=$c outer=$head head=$cur started=1
        elif [[ $c == \\ ]]; then
            i=$(( i + 1 )) started=1
            cur+=${line:i:1}
        elif [[ $c == [[:space:]\<\>] ]]; then
            [[ $c == [\<\>] && $cur != *[!0-9\&]* ]] && started=''
            [[ $started && ! $redirected ]] && words+=("$cur")
            [[ $started ]] && redirected=''
            [[ $c == [\<\>] ]] && redirected=1
            cur='' head='' started=''
        else
            # NOTE: an @ breaks words too, but readline then takes it into the new one.
            [[ $c == @ && $COMP_WORDBREAKS == *@* ]] && head=$cur
            cur+=$c started=1
            [[ $c != @ && $COMP_WORDBREAKS == *"$c"* ]] && head=$cur
        fi
    done
}

# Takes a word before the cursor in: path, pending, dashes, position, profile and used go by it.
# Fails where no such command exists.
_ess_pass() {
    local i
    if [[ $pending ]]; then
        _ess_given "$pending" "$1"
        pending=''
    elif [[ ! $dashes && $1 == -- ]]; then
        dashes=1
    elif [[ ! $dashes && $1 == --*=* ]]; then
        _ess_given "${1%%=*}" "${1#*=}"
    elif [[ ! $dashes && $1 == --* ]]; then
        _ess_kind "$1"
        used+="$1 "
        [[ $kind ]] && pending=$1
    elif [[ ! $dashes && $1 == -?* ]]; then
        for (( i = 1; i < ${#1}; i++ )); do
            _ess_kind "-${1:i:1}"
            used+="-${1:i:1} "
            [[ $kind ]] || continue
            pending=-${1:i:1}
            if (( i + 1 < ${#1} )); then
                _ess_given "$pending" "${1:i+1}"
                pending=''
            fi
            break
        done
    elif [[ $commands ]]; then
        [[ " $commands " == *" $1 "* ]] || return 1
        path+=" $1" dashes=''
        _ess_at "$path" || return 1
    else
        position=$(( position + 1 ))
    fi
    return 0
}

_ess_given() {
    used+="$1 "
    [[ $1 == -p || $1 == --profile ]] && profile=$2
}

# Sets kind to what the value of an option is: empty for a flag, and where there is no such option.
_ess_kind() {
    local option
    kind=''
    for option in $options; do
        if [[ "|${option%%=*}|" == *"|$1|"* ]]; then
            [[ $option == *=* ]] && kind=${option#*=}
            return
        fi
    done
}

# Sets kind to what the positional argument at the cursor is.
_ess_argument() {
    local places
    places=($arguments)
    kind=${places[position]-}
    if [[ ! $kind && $arguments == *... ]]; then
        kind=${places[${#places[@]}-1]}
    elif [[ ! $kind && ! $cur && ! $dashes ]]; then
        kind=options
    fi
    kind=${kind%...}
}

# Sets found to the values of a kind that begin with what is typed, quotes not yet put on.
_ess_values() {
    local typed=$2 rest=${1#*:} word
    case $1 in
    options) _ess_options ;;
    words:*)
        for word in ${rest//,/ }; do
            [[ $word == "$typed"* ]] && found+=("$before$word")
        done ;;
    list:*)
        [[ $typed == *[!A-Za-z0-9,+-]* ]] && return
        [[ $typed == *,* ]] && before+=${typed%,*},
        for word in ${rest//,/ }; do
            [[ $word == "${typed##*,}"* && ,$typed != *",$word,"* ]] && found+=("$before$word")
        done
        compopt -o nospace 2>/dev/null ;;
    names:*)
        _ess_lines "$(command "$program" __complete "$rest" "$typed" "$profile" 2>/dev/null)"
        found=("${found[@]%%$'\t'*}")
        if [[ $before ]]; then
            found=("${found[@]/#/$before}")
        elif [[ ! $typed && ! $pending && ! $dashes ]]; then
            _ess_without_dashes
        fi ;;
    files)
        # Readline's own completion of files, where it goes by the same part of the word.
        if [[ $head != "$before"* ]] || ! compopt -o default 2>/dev/null; then
            _ess_lines "$(compgen -f -- "$typed")"
            found=("${found[@]/#/$before}")
        fi ;;
    esac
}

_ess_options() {
    local option name names
    for option in $options; do
        names=${option%%=*}
        for name in ${names//|/ }; do
            [[ $names != +* && $used == *" $name "* ]] && continue 2
        done
        for name in ${names//|/ }; do
            [[ $name != + && $name == "$cur"* ]] && found+=("$name")
        done
    done
}

# A name that begins with - can only stand behind --.
_ess_without_dashes() {
    local name all
    [[ " ${found[*]}" == *' -'* ]] || return
    all=("${found[@]}") found=()
    for name in "${all[@]}"; do
        [[ $name == -* ]] || found+=("$name")
    done
}

# Sets found to the lines of a text.
_ess_lines() {
    local IFS=$'\n'
    case $- in
    *f*) found=($1) ;;
    *) set -f; found=($1); set +f ;;
    esac
}

# Leaves found in COMPREPLY: only what stands behind head, in the quotes that are open.
_ess_reply() {
    local comma='\,' text
    (( ${#found[@]} )) || return 0
    [[ $head ]] && found=("${found[@]#"$head"}")
    if [[ $quote ]]; then
        _ess_quote
    elif [[ $kind == names:* || $kind == files ]]; then
        text=$(printf '%q\n' "${found[@]}")
        _ess_lines "${text//"$comma"/,}"
    fi
    COMPREPLY=("${found[@]}")
}

_ess_quote() {
    local i j text c
    for i in "${!found[@]}"; do
        text=${found[i]}
        [[ $text == *[\$\`\"\\\'!]* ]] || continue
        found[i]=''
        for (( j = 0; j < ${#text}; j++ )); do
            c=${text:j:1}
            case $quote$c in
            \'\') c="'\\''" ;;
            \"[\$\`\"\\]) c=\\$c ;;
            \"!) c="\"'!'\"" ;;
            esac
            found[i]+=$c
        done
        # Where a quote stands at either end already, readline leaves its own one out.
        [[ ${found[i]} == "$quote"* ]] && found[i]=$quote${found[i]}
        [[ ${found[i]} == *"$quote" ]] && found[i]+=$quote
    done
}

complete -F _ess ess
