# Generated from the package trigger_provider of cfn-trigger, which has the comments
import base64
import contextlib
import difflib
import hashlib
import hmac
import http.client
import io
import json
import os
import re
import select
import socket
import ssl
import time
import traceback
from calendar import timegm
from html import unescape
from itertools import chain,islice,repeat
from typing import Any,NamedTuple
from urllib.parse import quote,unquote,urlencode,urlsplit
JSON=json.JSONEncoder(ensure_ascii=False)
STRICT=json.JSONEncoder(ensure_ascii=False,allow_nan=False)
as_json=JSON.encode
def as_text(item):
 return item if isinstance(item,str) else as_json(item)
def encoded(item):
 try:
  text=STRICT.encode(item)
 except ValueError:
  text=as_json(json.loads(as_json(item),parse_constant=str))
 return text.encode(errors='replace')
def size(item):
 return len(encoded(item))
def beginning(item,most):
 if isinstance(item,str):
  return item
 text=''
 with contextlib.suppress(RecursionError):
  for chunk in JSON.iterencode(item):
   text+=chunk
   if len(text)>most:
    return text
  return text
 return text.ljust(most+1)
def fitting(item,room):
 text=beginning(item,room)
 return text if len(text)<=room and size(text)-2<=room else None
def truncate(text,room):
 if len(text)<=room and size(text)-2<=room:
  return text
 room-=3
 if room<0:
  return ''
 text=text[:room]
 while (excess:=size(text)-2-room)>0:
  text=text[:-1-(excess-1)//6]
 return text+'…'
def truncate_start(text,room):
 return truncate(text[::-1],room)[::-1]
ABSENT=type('Absent',(),{})()
class Request(NamedTuple):
 event:Any
 kind:Any
 name:str
 old_id:str
 payload:Any=ABSENT
 old_payload:Any=ABSENT
 expect:Any=ABSENT
 unchanged:bool=False
 handler_arn:str=''
 timeout:float=900.0
 service_timeout:float=3600.0
 invocation_type:Any='RequestResponse'
 execute_on_handler_change:bool=True
 execute_on_rollback:bool=False
 execute_on_delete:bool=False
 enabled:bool=True
 max_attempts:float=1.0
 interval:float=5.0
 backoff_rate:float=2.0
 max_interval:float=60.0
 poll_interval:float=10.0
 on_failure:Any='Fail'
 no_echo:bool=False
 attributes:Any=()
class Outcome(NamedTuple):
 kind:Any
 error:str=''
 message:str=''
 frames:Any=()
 log:str=''
 result:Any=ABSENT
 is_unexpected:bool=False
 physical_id:str=''
 no_echo:bool=False
 is_final:bool=False
 is_crowded:bool=False
 runs_until:float=0
class Progress(NamedTuple):
 began:float
 sent:float=0
 rolling_back:Any=None
 has_failed:Any=None
 status:str=''
 questions:int=0
 ask_at:float=0
 is_reached:bool=False
 ready:bool=False
 log_group:str=''
 function_timeout:float=0
 failures:int=0
 refusals:int=0
 refused_since:float=0
 resume_at:float=0
 longest:float=0
 polls:int=0
 state:Any=None
 cancelled:str=''
 outcome:Any=Outcome('none')
 hops:int=0
 fresh:bool=True
 physical_id:str=''
 no_echo:bool=False
def bare_request(event):
 properties=event.get('ResourceProperties',{})
 kind,name=event['RequestType'],event['LogicalResourceId']
 no_echo,on_failure=str(properties.get('NoEcho')),properties.get('OnFailure','Fail')
 old_id=event.get('PhysicalResourceId','')
 request=Request(event,kind,name,old_id,no_echo=is_true(no_echo),on_failure=on_failure)
 with contextlib.suppress(ValueError,KeyError):
  request=request._replace(service_timeout=float(properties['ServiceTimeout']))
 return request
def parse_request(event):
 properties,old=event['ResourceProperties'],event.get('OldResourceProperties',{})
 request=bare_request(event)._replace(
  payload=assembled(properties.get('Payload')),
  expect=assembled(properties.get('Expect')),
  **settings_of(properties),
 )
 with contextlib.suppress(Exception):
  request=request._replace(old_payload=assembled(old.get('Payload')))
 return request._replace(unchanged=is_unchanged(request,properties,old))
def is_true(text):
 return text=='true'
SETTINGS={
 'HandlerArn':str,'InvocationType':str,'OnFailure':str,'Attributes':tuple,
 'Timeout':float,'ServiceTimeout':float,'PollInterval':float,
 'MaxAttempts':float,'Interval':float,'BackoffRate':float,'MaxInterval':float,
 'ExecuteOnHandlerChange':is_true,'ExecuteOnRollback':is_true,'ExecuteOnDelete':is_true,
 'Enabled':is_true,'NoEcho':is_true,
}
def settings_of(properties):
 flat=properties|properties.get('Retry',{})
 settings={
  name:read(flat[name]) for name,read in SETTINGS.items() if flat.get(name) is not None
 }
 return {re.sub('(?<!^)(?=[A-Z])','_',name).lower():settings[name] for name in settings}
def is_unchanged(request,properties,old):
 if request.attributes or never_created(request):
  return False
 if 'Continue' in {request.on_failure,old.get('OnFailure')}:
  return False
 if request.execute_on_handler_change and properties==old:
  return False
 was_enabled=old.get('Enabled')!='false'
 causes=RERUNS if request.execute_on_handler_change else RERUNS[1:]
 is_same=all(properties.get(cause)==old.get(cause) for cause in causes)
 return was_enabled and is_same and not has_cause(properties,old)
RERUNS=('HandlerArn','Payload','InvocationType','Expect','Previous')
SWITCHED_OFF=re.compile(r'Deployment$|Resources\.|References\.')
def has_cause(properties,old):
 entries,old_entries=entries_of(properties),entries_of(old)
 if any(old_entries.get(name)!=entries[name] for name in entries):
  return True
 if properties.get('ExecuteOnHandlerChange')!=old.get('ExecuteOnHandlerChange'):
  return False
 return any(not SWITCHED_OFF.match(name) for name in old_entries.keys()-entries)
def entries_of(properties):
 entries=dict(properties.get('Fingerprint') or {})
 references=entries.pop('References',{})
 return entries|{f'References.{name}':value for name,value in references.items()}
def parse_progress(event,request,now):
 if kept:=event.get('Progress'):
  known={name:kept[name] for name in Progress._fields if name in kept}
  outcome=Outcome(*kept['outcome'][:len(Outcome._fields)])
  hops=kept.get('hops',0)-(outcome.is_crowded and now-kept['resume_at']>=QUEUED)
  return Progress(**{'sent':kept['began']}|known|{'outcome':outcome,'hops':hops})
 sent=sent_at(event,now)
 return Progress(max(sent,now+min(request.timeout,SHORTEST)-request.timeout),sent)
QUEUED=4
SHORTEST=30
def sent_at(event,now):
 with contextlib.suppress(ValueError):
  return timegm(time.strptime(url_date(event),'%Y%m%dT%H%M%SZ'))
 return event.get('Progress',{}).get('sent',now)
def handed_over(event,progress):
 kept=progress._replace(
  outcome=progress.outcome._replace(result=None),hops=progress.hops+1,fresh=True
 )
 return event|{'Progress':kept._asdict()}
def url_date(event):
 found=re.search(r'[?&]X-Amz-Date=(\w+)',event['ResponseURL'])
 return found[1] if found else ''
def assembled(parts):
 if parts is None:
  return ABSENT
 whole=[json.loads(parts['Skeleton'])]
 for hole in reversed(parts.get('Values',[])):
  place=whole
  last=0
  for key in hole['Path']:
   place=place[last]
   last=int(key) if isinstance(place,list) else key
  if 'Value' in hole:
   place[last]=hole['Value']
  else:
   del place[last]
 return whole[0] if whole else ABSENT
def marker(request):
 return request.name+'-create-failed'
def never_created(request):
 stack=request.event['StackId'].split('/')[1]
 made_up=re.escape(f'{stack}-{request.name}-')+'[A-Z0-9]{8,}'
 return request.old_id==marker(request) or bool(re.fullmatch(made_up,request.old_id))
LONGEST_TEXT=4000
QUOTED=300
FRAMES=3
CAUSES=3
LONGEST_ID=1024
UNFINISHED=re.compile('ABORT|ERROR|FAIL|PENDING|PROGRESS|RUNNING|TIMEDOUT|TIMEOUT')
BAD_REQUEST=400
RUNTIME=re.compile(
 r'node:internal|\(<anonymous>\)|<frozen |^runtime/|aws-lambda-go|java\.base/|jdk\.internal|'
 r'sun\.reflect|lambda_method|Amazon\.Lambda\.RuntimeSupport'
)
LIBRARY=re.compile(
 r'(site|dist)-packages|node_modules|/gems/|/opt/|/var/runtime/|/var/lang/|trigger_handler|@v\d'
)
def judge(request,result):
 words=result if isinstance(result,dict) else {}
 physical_id=valid_id(given_id(result))
 is_marker=physical_id==marker(request) or (
  physical_id==request.old_id!='' and never_created(request)
 )
 return meaning(request,result,words)._replace(
  physical_id='' if is_marker else physical_id,
  no_echo=is_true(str(words.get('NoEcho')).lower()),
 )
def meaning(request,result,words):
 match spelled(words.get('Status')):
  case 'INPROGRESS':
   return pending(words)
  case 'FAILED'|'FAILURE':
   reason=truncate(as_text(words.get('Reason') or 'no Reason was given'),LONGEST_TEXT)
   return Outcome('failed','Failed',reason)
 if str(words.get('IsComplete')).lower()=='false':
  hint='return the Status IN_PROGRESS to be polled'
  return Outcome('failed','BadResult',f'IsComplete is false; {hint}')
 lacks='' if request.expect is ABSENT else difference(request.expect,result,'result')
 if lacks:
  return Outcome('failed','Expect',lacks,is_unexpected=True)
 return Outcome('done',result=result)
def pending(result):
 after=result.get('RetryAfter')
 if after is not None and not re.fullmatch(r'\d+(\.\d*)?',str(after)):
  return Outcome('failed','BadResult','RetryAfter is not a number of seconds')
 message=as_text(result.get('Progress') or result.get('Reason') or '')
 return Outcome('pending',message=truncate(message,LONGEST_TEXT),result=result)
def warning(request,result):
 words=result if isinstance(result,dict) else {}
 if result is None and request.execute_on_delete:
  return 'the handler returned nothing: does it return what its library returns?'
 code,status=words.get('statusCode'),words.get('Status') or words.get('status')
 if UNFINISHED.search(spelled(status)) or (isinstance(code,int) and code>=BAD_REQUEST):
  return 'it counts as done: only the Status FAILED, FAILURE or IN_PROGRESS has a meaning'
 return ''
def spelled(status):
 return re.sub(r'[\W_]','',status).upper() if isinstance(status,str) else ''
def given_id(result):
 words=result if isinstance(result,dict) else {}
 data=words['Data'] if isinstance(words.get('Data'),dict) else {}
 top_level=words.get('PhysicalResourceId')
 return data.get('PhysicalResourceId') if top_level is None else top_level
def valid_id(physical_id):
 length=len(physical_id.encode(errors='replace')) if isinstance(physical_id,str) else 0
 fits=0<length<=LONGEST_ID and size(physical_id)-2<=2*LONGEST_ID
 return physical_id if fits else ''
def difference(expected,actual,path):
 if isinstance(expected,dict) and isinstance(actual,dict):
  parts=((v,actual.get(k,ABSENT),f'{path}.{k}') for k,v in expected.items())
  return next(filter(None,(difference(*part) for part in parts)),'')
 if equal(expected,actual):
  return ''
 got='absent' if actual is ABSENT else quoted(actual)
 return f'{path} is {got}, expected {quoted(expected)}'
def quoted(item):
 return truncate(beginning(item,QUOTED),QUOTED)
def equal(left,right):
 if isinstance(left,list) and isinstance(right,list):
  return len(left)==len(right) and all(map(equal,left,right))
 if isinstance(left,dict) and isinstance(right,dict):
  return left.keys()==right.keys() and all(equal(left[key],right[key]) for key in left)
 return bool(left==right) and isinstance(left,bool)==isinstance(right,bool)
def function_error(payload,log=''):
 try:
  error=json.loads(payload)
 except (ValueError,RecursionError):
  error=None
 if not isinstance(error,dict):
  error={'errorMessage':payload.decode(errors='replace')} if payload else {}
 message,trace=message_of(error),lines_of(trace_of(error))
 kind=str(error.get('errorType') or 'Error')
 if not re.fullmatch(r'\S{1,200}',kind):
  kind,message='Error',f'{kind}: {message}'
 behind=[*causes_of(error),*(line[5:] for line in trace if line.startswith('---> '))]
 behind+=[line[11:] for line in trace if line.startswith('Caused by: ')]
 messages=[truncate(message,LONGEST_TEXT//(2 if behind else 1))]
 messages+=[f'caused by {truncate(cause,QUOTED)}' for cause in behind[:CAUSES]]
 frames=innermost_frames(trace,f'{kind}: {message}'.splitlines()+message.splitlines())
 return Outcome('failed',kind,'; '.join(messages),frames,truncate_start(log,LONGEST_TEXT))
def message_of(error):
 spellings=[error.get(key) for key in ('errorMessage','Message','message')]
 spellings=[each for each in spellings if each is not None]
 return as_text(max(spellings,key=bool)) if spellings else 'no message'
def trace_of(error):
 return error.get('stackTrace') or error.get('trace') or error.get('stack')
def causes_of(error):
 while isinstance(cause:=error.get('cause') or error.get('innerException'),dict):
  kind,message=cause.get('errorType') or 'Error',message_of(cause)
  frames=innermost_frames(lines_of(trace_of(cause)),message.splitlines())
  error=cause
  yield ' at '.join([f'{kind}: {message}',*frames[:1]])
def lines_of(trace):
 items=trace.splitlines() if isinstance(trace,str) else trace
 lines=[]
 for item in items if isinstance(items,list) else ():
  go=item if isinstance(item,dict) else {}
  line=f"{go.get('path')}:{go.get('line')} {go.get('label')}" if go else str(item)
  lines.append(re.sub(r' [~^]+(?= |$)','',' '.join(line.split())))
 return lines
def innermost_frames(lines,message):
 frames=[line[3:] for line in lines if line.startswith('at ')]
 if not frames:
  of_message={' '.join(line.split()) for line in message}
  frames=[line for line in lines if line and line not in of_message]
  if any(line.startswith('File "') for line in frames):
   frames=python_frames(frames)
 frames=[frame for frame in frames if not RUNTIME.search(frame)] or frames
 shown=frames[:FRAMES]
 if of_handler:=[frame for frame in frames if not LIBRARY.search(frame)]:
  shown=shown if of_handler[0] in shown else [*shown[:-1],of_handler[0]]
 return tuple(truncate(frame,QUOTED) for frame in shown)
def python_frames(lines):
 frames=[]
 for line in lines:
  if line.startswith('File "'):
   frames.append(line)
  elif frames:
   frames[-1]+=f' {line}'
 return frames[::-1]
RESERVE=10
PROPAGATION=60
SHORT=60
LIFETIME=900
FULL=840
FRESH=870
GROWTH=1.5
LONGEST_REFUSAL=10
QUESTION_PAUSES=(2,10,30,60)
NOT_THERE=300
PROPAGATING=re.compile(
 '((EC2|KMS)?AccessDenied|(EFS|S3Files)Mount(Connectivity|Timeout))(Exception)?'
)
THROTTLED=re.compile('TooManyRequestsException|Throttling(Exception)?')
UNREACHABLE='Unreachable'
UNSEEN='Unseen'
class Clock(NamedTuple):
 now:float
 left:float
class Action(NamedTuple):
 step:Any
 seconds:float=0
 outcome:Any=Outcome('none')
def decide(request,progress,clock):
 if why:=reason_to_skip(request,progress):
  return Action('respond',outcome=Outcome('skipped',message=why))
 if must_ask(request,progress):
  return question(request,progress,clock)
 if ending:=final_outcome(request,progress,clock):
  return Action('respond',outcome=ending)
 if is_too_late(request,progress,clock):
  return Action('respond',outcome=too_late(request,progress.outcome))
 return (
  wait_until(progress.resume_at,request,progress,clock)
  or wait_for_room(request,progress,clock)
  or start(request,progress,clock)
 )
def start(request,progress,clock):
 is_seen=progress.ready or is_unseen_for_long(request,progress,clock)
 return Action('invoke' if is_seen else 'look',room(request,progress,clock))
def reason_to_skip(request,progress):
 match request.kind:
  case _ if not request.enabled:
   return 'Enabled is false'
  case 'Update' if progress.rolling_back and not request.execute_on_rollback:
   return 'the stack is rolling back'
  case 'Update' if request.unchanged and progress.has_failed is False:
   once=not request.execute_on_handler_change
   return 'ExecuteOnHandlerChange is false' if once else 'only settings changed'
  case 'Delete' if not request.execute_on_delete:
   return 'ExecuteOnDelete is false'
  case 'Delete' if request.old_id==marker(request):
   return 'it was never created'
 return ''
def must_ask(request,progress):
 return request.kind=='Update' and progress.rolling_back is None
def question(request,progress,clock):
 latest=latest_answer(request,progress)
 if clock.now>=latest:
  return Action('respond',outcome=unknown_status())
 last_question=latest-1
 ask_at=min(progress.ask_at,latest if clock.now>=last_question else last_question)
 if delay:=wait_until(ask_at,request,progress,clock):
  return delay
 return Action('ask',max(1,min(RESERVE,clock.left-RESERVE)))
def unknown_status():
 message='nobody could learn whether the stack rolls back'
 return Outcome('skipped','StatusUnknown',message)
def is_not_there(request,progress,clock):
 longest=min(NOT_THERE,request.service_timeout-RESERVE-request.timeout/2)
 return not progress.is_reached and clock.now-progress.sent>=longest
def final_outcome(request,progress,clock):
 outcome=progress.outcome
 if outcome.kind=='done' or is_last_attempt(request,progress):
  return outcome
 if is_denied(outcome) and clock.now-progress.refused_since>=PROPAGATION:
  return outcome._replace(kind='failed')
 if not progress.cancelled:
  return None
 if outcome.kind=='failed':
  return outcome
 return Outcome('failed','Cancelled',f'the stack is {progress.cancelled}')
def is_last_attempt(request,progress):
 outcome=progress.outcome
 is_spent=progress.failures>=request.max_attempts
 return outcome.kind=='failed' and (is_spent or outcome.is_final)
def is_denied(outcome):
 return outcome.kind=='refused' and bool(PROPAGATING.fullmatch(outcome.error))
def is_unseen_for_long(request,progress,clock):
 is_unseen=progress.outcome.error==UNSEEN
 longest=min(PROPAGATION,request.timeout/2)
 return is_unseen and clock.now-progress.refused_since>=longest
def latest_answer(request,progress):
 return progress.sent+request.service_timeout-RESERVE
def due(request,progress):
 return min(progress.began+request.timeout,latest_answer(request,progress))
def is_too_late(request,progress,clock):
 return max(clock.now,progress.resume_at)>=due(request,progress)
def too_late(request,outcome):
 last=outcome.message.rstrip(' .') or 'not done'
 message=f'{last}; Timeout is {request.timeout:g} s'
 return outcome._replace(kind='failed',error=outcome.error or 'Timeout',message=message)
def room(request,progress,clock):
 return max(1,min(clock.left-RESERVE,due(request,progress)-clock.now))
def wait_until(at,request,progress,clock):
 pause,here=at-clock.now,clock.left-SHORT
 if pause<=0:
  return None
 is_last=due(request,progress)-clock.now<=clock.left-RESERVE
 if is_last or (progress.fresh and clock.left<=2*SHORT):
  here=clock.left-RESERVE
 if pause<=min(RESERVE,clock.left-2*RESERVE):
  return Action('wait',pause)
 if here>=1 or progress.fresh:
  return Action('wait',min(pause,max(here,1)))
 return Action('hand over')
def wait_for_room(request,progress,clock):
 left_of_timeout=due(request,progress)-clock.now
 if progress.fresh:
  return None
 if gives_way(progress) and left_of_timeout>2*SHORT and clock.left<=LIFETIME:
  return Action('hand over')
 if not is_short(progress,clock) or clock.left>=left_of_timeout:
  return None
 if clock.left<SHORT or may_hop(progress,clock):
  return Action('hand over')
 hop_at=progress.sent+FULL*(progress.hops-1)+1
 if progress.outcome.kind=='pending' or due(request,progress)-hop_at<=clock.left:
  is_known_short=clock.left<GROWTH*progress.longest<FULL
  return Action('hand over') if is_known_short else None
 return wait_until(hop_at,request,progress,clock)
def is_short(progress,clock):
 return clock.left<needed(progress)
def needed(progress):
 longest=GROWTH*progress.longest
 if progress.outcome.kind=='refused':
  longest=progress.longest+RESERVE
 timeout=progress.function_timeout+2*RESERVE
 if progress.outcome.kind=='pending':
  timeout=min(timeout,FULL/2)
 return max(SHORT,min(max(longest,timeout),FRESH))
def may_hop(progress,clock):
 return progress.hops-1<(clock.now-progress.sent)/FULL
def gives_way(progress):
 is_crowded=progress.outcome.is_crowded and progress.refusals%2==0
 return is_crowded and progress.hops<=1+progress.polls
def learn(request,progress,outcome,clock):
 pause=0
 known=progress._replace(
  outcome=outcome,
  fresh=False,
  refusals=0,
  refused_since=0,
  physical_id=outcome.physical_id or progress.physical_id,
  no_echo=outcome.no_echo or progress.no_echo,
 )
 match outcome.kind:
  case 'refused':
   pause=min(2**min(progress.refusals,4),LONGEST_REFUSAL)
   is_throttled_look=not progress.ready and THROTTLED.fullmatch(outcome.error)
   if outcome.is_crowded or is_throttled_look:
    pause=min(pause*(0.5+lot(request,progress)),LONGEST_REFUSAL)
   is_same=outcome.error==progress.outcome.error
   since=progress.refused_since if is_same else clock.now
   known=known._replace(refusals=progress.refusals+1,refused_since=since)
   tells_state=not (is_denied(outcome) or THROTTLED.fullmatch(outcome.error))
   is_ready=progress.ready and (not tells_state or outcome.error==UNREACHABLE)
   known=known._replace(ready=is_ready)
  case 'failed':
   growth=request.backoff_rate**min(progress.failures,60)
   pause=min(request.interval*growth,request.max_interval)
   known=known._replace(failures=progress.failures+1)
  case 'pending':
   after=outcome.result.get('RetryAfter')
   pause=max(1,request.poll_interval if after is None else float(after))
   state=outcome.result.get('EventState')
   known=known._replace(state=state,polls=progress.polls+1)
  case 'none'|'done'|'skipped':
   pass
 return known._replace(resume_at=max(clock.now+pause,outcome.runs_until))
def lot(request,progress):
 tries=f'{progress.refusals} {progress.questions}'
 name=f"{request.event.get('RequestId')} {request.name} {tries}"
 return hashlib.sha256(name.encode(errors='replace')).digest()[0]/256
LIMIT=4095
OWN=('Result','Truncated','Error')
SHORTEST_REASON=20
FORGIVEN=900
LEFT_OUT=150
TRIED=50_000
LISTED=9
NAME=6
COMPARED=1000
LONGEST_MESSAGE=1500
LONGEST_TAIL=900
OWN_LOG=os.environ.get('AWS_LAMBDA_LOG_GROUP_NAME',"the trigger provider's")
NOISE=re.compile(r'(?m)^((START|END|REPORT|INIT_START) .*|[\s^~]+)$')
class Answer(NamedTuple):
 body:Any
 reason:str
def answer(request,progress,outcome):
 result=ABSENT
 if outcome.kind=='done' and request.kind!='Delete':
  result=outcome.result
  outcome=unusable(request,result) or outcome
 if outcome.kind!='failed':
  body,lost=success(request,progress,outcome.message or 'done',result)
  if not lost:
   return Answer(body,'')
  message=f'the template reads {lost!r}, which does not fit into 4,096 bytes'
  outcome=Outcome('failed','Attribute',message)
 body=failure(request,progress)
 reason=explain(request,progress,outcome,LIMIT-size(body))
 if is_forgiven(request,progress):
  body,_=success(request,progress,reason,error=reason)
  return Answer(body,reason)
 return Answer(body|{'Reason':truncate(reason,LIMIT-size(body))},reason)
def is_forgiven(request,progress):
 is_last=request.kind=='Delete' or bool(progress.rolling_back)
 return is_last or request.on_failure=='Continue'
def unusable(request,result):
 own=given_id(result)
 if own is not None and not valid_id(own):
  message='it is not a string of 1 to 1,024 bytes'
  return Outcome('failed','PhysicalResourceId',message)
 for name in request.attributes:
  if name not in OWN and attribute(result,name) is ABSENT:
   names=(known for known,_ in attributes(result))
   near=''.join(difflib.get_close_matches(name,islice(names,COMPARED),1))
   hint=f'; did you mean {near!r}?' if near else ''
   message=f'the template reads {name!r}, which the result lacks{hint}'
   return Outcome('failed','Attribute',message)
 return None
def failure(request,progress):
 own=progress.physical_id if request.kind!='Delete' else ''
 is_begun=progress.polls>0 and request.execute_on_delete
 new_id=physical_id(request,progress) if is_begun else marker(request)
 return echo(request,'FAILED',own or request.old_id or new_id)|{'Reason':''}
def success(request,progress,reason,result=ABSENT,error=''
):
 body=echo(request,'SUCCESS',physical_id(request,progress))|{'Reason':''}
 if request.kind=='Delete':
  return body|{'Reason':truncate(reason,FORGIVEN)},''
 data=dict.fromkeys(OWN,'')
 body|={'NoEcho':request.no_echo or progress.no_echo,'Data':data}
 room=LIMIT-SHORTEST_REASON-size(body)
 for name in request.attributes:
  cost=size(name)+NAME
  if name not in data and cost<=room:
   data[name]=''
   room-=cost
 room+=SHORTEST_REASON
 data['Error']=truncate(error,min(FORGIVEN,(room-SHORTEST_REASON)//2))
 room-=size(data['Error'])-2
 body['Reason']=truncate(reason,min(FORGIVEN,room))
 room-=size(body['Reason'])-2
 if result is ABSENT:
  return body,''
 for name in dict.fromkeys(request.attributes):
  if name in ('Truncated','Error'):
   continue
  text=fitting(attribute(result,name),room)
  if name not in data or text is None:
   return body,name
  room-=size(text)-2
  data[name]=text
 add_others(data,result,room)
 return body,''
def echo(request,status,physical_id):
 body={key:request.event[key] for key in ('StackId','RequestId','LogicalResourceId')}
 return body|{'Status':status,'PhysicalResourceId':physical_id}
def physical_id(request,progress):
 if request.kind=='Delete':
  return request.old_id
 digest=hashlib.sha256((request.event['StackId']+request.name).encode()).hexdigest()
 old_id='' if never_created(request) else request.old_id
 return progress.physical_id or old_id or f'{request.name}-{digest[:12]}'
def attribute(result,name):
 if name=='Result':
  return as_json(result) if isinstance(result,str) else beginning(result,LIMIT)
 item=part(data_of(result),name)
 return part(result,name) if item is ABSENT else item
def data_of(result):
 return result.get('Data') if isinstance(result,dict) else None
def part(item,path):
 value=step(item,path)
 for dot in re.finditer(r'\.',path) if value is ABSENT else ():
  child=step(item,path[:dot.start()])
  if value is ABSENT and child is not ABSENT:
   value=part(child,path[dot.end():])
 return value
def step(item,key):
 if isinstance(item,list) and re.fullmatch('0|[1-9][0-9]{0,7}',key) and int(key)<len(item):
  return item[int(key)]
 return item.get(key,ABSENT) if isinstance(item,dict) else ABSENT
def attributes(result):
 data=data_of(result)
 others=(each for each in parts(result) if data is None or part(data,each[0]) is ABSENT)
 return (each for each in chain(parts(data),others) if each[0] not in OWN)
def parts(item):
 pending=[children(item,'')]
 while pending:
  for path,child in pending[-1]:
   yield path,child
   if isinstance(child,dict|list) and len(path)<LIMIT:
    pending.append(children(child,f'{path}.'))
    break
  else:
   pending.pop()
def children(item,path):
 items=enumerate(item) if isinstance(item,list) else ()
 items=item.items() if isinstance(item,dict) else items
 return ((f'{path}{key}',child) for key,child in items)
def add_others(data,result,room):
 spare,count,left_out=room-LEFT_OUT,0,list[str]()
 whole=[] if data['Result'] else [('Result',attribute(result,'Result'))]
 tried,again=(islice(attributes(result),TRIED) for _ in range(2))
 single=(each for each in tried if not isinstance(each[1],dict|list))
 nested=(each for each in again if isinstance(each[1],dict|list))
 for name,item in chain(whole,single,nested):
  if name in data and name!='Result':
   continue
  cost=0 if name=='Result' else size(name)+NAME
  is_tried=cost<=spare and not (count and isinstance(item,dict|list))
  if is_tried and (text:=fitting(item,spare-cost)) is not None:
   data[name]=text
   spare-=cost+size(text)-2
  else:
   count+=1
   left_out+=[name] if count<=LISTED else []
 if count:
  over='over ' if any(True for _ in islice(attributes(result),TRIED,None)) else ''
  names=f"{over}{count} left out: {', '.join(left_out)}"
  data['Truncated']=truncate(names,min(LEFT_OUT,spare+LEFT_OUT))
def explain(request,progress,failed,room):
 where=f'full log: {log_group(request,progress)}'
 if request.no_echo or progress.no_echo:
  return f'{failed.error}; {where}'
 what=': '.join(filter(None,[failed.error,failed.message.strip()])).rstrip(' .')
 clauses=[truncate(what,min(LONGEST_MESSAGE,room//2))]
 if frames:=re.sub('(file://)?/var/task/','','; at '.join(failed.frames)):
  clauses+=['at '+truncate(frames,min(600,room//4))]
 attempts=progress.failures+(progress.outcome.kind=='done')
 if attempts and request.max_attempts>1:
  clauses+=[f'attempt {attempts} of {request.max_attempts:g}']
 if tail:=' / '.join(filter(None,NOISE.sub('',failed.log).splitlines())):
  room-=size('; '.join([*clauses,'last log lines: ',where]))
  tail=truncate_start(tail,room if request.kind=='Create' else min(LONGEST_TAIL,room))
  clauses+=[f'last log lines: {tail}'] if tail else []
 return ' '.join('; '.join([*clauses,where]).split())
def log_group(request,progress):
 name=request.handler_arn.split(':function:')[-1].split(':')[0]
 group=progress.log_group or (f'/aws/lambda/{name}' if name else OWN_LOG)
 stack=request.event['StackId'].split('/')[1]
 is_of_stack=re.search(f'(^|/){re.escape(stack)}-[^/]+-[A-Za-z0-9]{{8,}}$',group)
 if request.kind=='Create' and is_of_stack and not group.startswith('/aws/lambda/'):
  return f'{group}, which a rollback deletes (--disable-rollback keeps it)'
 return group
NOT_SENT=0
LOST=1
class Effects(NamedTuple):
 clock:Any
 sleep:Any
 call:Any
 put:Any
 log:Any
class Response(NamedTuple):
 kind:Any
 status:int
 headers:Any
 body:Any
 @property
 def text(self):
  return self.body.decode(errors='replace')
def response_of(reply):
 status,_,why=reply
 if status==NOT_SENT:
  return Response('not sent',*reply)
 if status!=LOST:
  return Response('answered',*reply)
 is_slow=b'timed out' in why and b'Errno' not in why
 return Response('timed out' if is_slow else 'cut off',*reply)
IDLE={}
KEPT_FOR=4
KEPT_FOR_POST=1
CONNECT=5
KEEP_ALIVE={'TCP_KEEPIDLE':60,'TCP_KEEPINTVL':30,'TCP_KEEPCNT':5}
def trust(environment):
 bundle=environment.get('AWS_CA_BUNDLE') or environment.get('REQUESTS_CA_BUNDLE')
 with contextlib.suppress(OSError):
  return ssl.create_default_context(cafile=bundle or None)
 return ssl.create_default_context()
TRUST=trust(os.environ)
def exchange(method,url,body,headers,seconds):
 if connection:=idle_connection(method,urlsplit(url).netloc):
  reply=send_on(connection,method,url,body,headers,seconds)
  if method=='POST' or reply[0]!=LOST:
   return reply
 try:
  connection=connected(url)
 except (OSError,http.client.HTTPException) as error:
  return NOT_SENT,{},reason_of(error)
 return send_on(connection,method,url,body,headers,seconds)
def idle_connection(method,host):
 if host not in IDLE:
  return None
 connection,since=IDLE.pop(host)
 is_young=0<=time.time()-since<(KEPT_FOR_POST if method=='POST' else KEPT_FOR)
 has_ended=select.select([connection.sock],[],[],0)[0]
 if is_young and not has_ended:
  return connection
 connection.close()
 return None
def connected(url):
 parts=urlsplit(url)
 connection=http.client.HTTPConnection(parts.netloc,timeout=CONNECT)
 if parts.scheme=='https':
  connection=http.client.HTTPSConnection(parts.netloc,timeout=CONNECT,context=TRUST)
 try:
  connection.connect()
 except (OSError,http.client.HTTPException):
  connection.close()
  raise
 connection.sock.setsockopt(socket.SOL_SOCKET,socket.SO_KEEPALIVE,1)
 for option,number in KEEP_ALIVE.items() if hasattr(socket,'TCP_KEEPIDLE') else ():
  connection.sock.setsockopt(socket.IPPROTO_TCP,getattr(socket,option),number)
 return connection
class Bounded(io.RawIOBase):
 def __init__(self,sock,deadline):
  self.sock,self.deadline=sock,deadline
 def makefile(self,_):
  return io.BufferedReader(self)
 def readable(self):
  return True
 def readinto(self,buffer):
  left=self.deadline-time.monotonic()
  if left<=0:
   raise TimeoutError('timed out')
  self.sock.settimeout(left)
  return self.sock.recv_into(buffer)
def send_on(connection,method,url,body,headers,seconds):
 host=urlsplit(url).netloc
 lines=[f"{method} {url.split(host,1)[1] or '/'} HTTP/1.1"]
 fields={'Host':host,'Content-Length':len(body)}|headers
 lines+=[f'{name}: {value}' for name,value in fields.items()]
 deadline=time.monotonic()+seconds
 try:
  connection.sock.settimeout(seconds)
  connection.sock.sendall('\r\n'.join([*lines,'\r\n']).encode()+body)
  response=http.client.HTTPResponse(Bounded(connection.sock,deadline),method=method)
  response.begin()
  reply=response.status,response.headers,response.read()
 except (OSError,http.client.HTTPException) as error:
  connection.close()
  return LOST,{},reason_of(error)
 if response.will_close:
  connection.close()
 else:
  IDLE[host]=connection,time.time()
 return reply
def reason_of(error):
 return f'{type(error).__name__} {error}'.encode()
CREDENTIALS=('AWS_ACCESS_KEY_ID','AWS_SECRET_ACCESS_KEY','AWS_SESSION_TOKEN')
REGION=os.environ.get('AWS_REGION','us-east-1')
def signed_call(service,method,path,body,headers,seconds
):
 region=region_of(path)
 url,date=endpoint(service,region)+path,time.strftime('%Y%m%dT%H%M%SZ',time.gmtime())
 keys=[os.environ.get(name,'') for name in CREDENTIALS]
 headers=signed(service,method,url,body,headers,date,keys,region)
 return exchange(method,url,body,headers,seconds)
def region_of(path,otherwise=REGION):
 match unquote(path).partition('/arn:')[2].split(':'):
  case [_,_,region,_,*_] if region:
   return region
 return otherwise
PARTITIONS=(
 ('cn-','amazonaws.com.cn','api.amazonwebservices.com.cn'),
 ('eusc-','amazonaws.eu','api.amazonwebservices.eu'),
 ('us-iso-','c2s.ic.gov','api.aws.ic.gov'),
 ('us-isob-','sc2s.sgov.gov','api.aws.scloud'),
 ('eu-isoe-','cloud.adc-e.uk','api.cloud-aws.adc-e.uk'),
 ('us-isof-','csp.hci.ic.gov','api.aws.hci.ic.gov'),
 ('','amazonaws.com','api.aws'),
)
def endpoint(service,region=REGION,environment=os.environ
):
 named=(f'AWS_ENDPOINT_URL_{service.upper()}','AWS_ENDPOINT_URL')
 chosen=next(filter(None,map(environment.get,named)),'')
 flags=('IGNORE_CONFIGURED_ENDPOINT_URLS','USE_FIPS_ENDPOINT','USE_DUALSTACK_ENDPOINT')
 is_ignored,is_fips,is_dual=(
  environment.get(f'AWS_{flag}','').lower()=='true' for flag in flags
 )
 if chosen and not is_ignored:
  return chosen.rstrip('/')
 _,domain,dual=next(each for each in PARTITIONS if region.startswith(each[0]))
 if is_fips and (is_dual or service!='cloudformation' or not region.startswith('us-gov-')):
  service+='-fips'
 return (
  f"https://{service}.{region}.{dual if is_dual else environment.get('URL_SUFFIX',domain)}"
 )
def signed(service,method,url,body,headers,date,keys,region=REGION):
 parts=urlsplit(url)
 headers=headers|{'Host':parts.netloc,'X-Amz-Date':date}
 key_id,secret,token=keys
 if token:
  headers['X-Amz-Security-Token']=token
 names=sorted(headers,key=str.lower)
 lines=''.join(f'{name.lower()}:{headers[name]}\n' for name in names)
 signed_names=';'.join(names).lower()
 twice=parts.path.replace('%','%25')
 canonical=f'{method}\n{twice}\n\n{lines}\n{signed_names}\n{hashlib.sha256(body).hexdigest()}'
 scope=f'{date[:8]}/{region}/{service}/aws4_request'
 digest=hashlib.sha256(canonical.encode()).hexdigest()
 key=f'AWS4{secret}'.encode()
 for part in (*scope.split('/'),f'AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}'):
  key=hmac.digest(key,part.encode(),'sha256')
 identity=f'AWS4-HMAC-SHA256 Credential={key_id}/{scope}'
 authorization=f'{identity}, SignedHeaders={signed_names}, Signature={key.hex()}'
 return headers|{'Authorization':authorization}
ACCEPTED=202
FORBIDDEN=403
THROTTLED_STATUS=429
NOT_A_SUCCESS=300
CLIENT_ERRORS=range(400,404)
FAILED_THERE=500
LONGEST_CONTEXT=3583
PASSES=re.compile(
 '(CodeArtifactUser(Deleted|Pending)|EC2Throttled|ENINotReady|Resource(Conflict|NotReady)'
 f'|SnapStartNotReady)Exception|{PROPAGATING.pattern}|{THROTTLED.pattern}'
)
CROWDED='ConcurrentInvocationLimitExceeded'
LONGEST_RUN=900
DEFAULT_RUN=3
PAUSES=(1,2,4,8,16,30)
def growing(pauses):
 return chain(pauses,repeat(pauses[-1]))
def path(function,what):
 return f"/2015-03-31/functions/{quote(function,safe='')}/{what}"
def look(request,effects):
 where=path(request.handler_arn,'configuration')
 response=response_of(effects.call('lambda','GET',where,b'',{},RESERVE))
 if response.kind!='answered':
  return Outcome('refused',UNREACHABLE,response.text)
 if response.status in {FORBIDDEN,THROTTLED_STATUS} or response.status>=FAILED_THERE:
  unseen=refusal(response)._replace(kind='refused',is_crowded=False)
  return unseen._replace(error=UNSEEN) if response.status==FORBIDDEN else unseen
 if response.status>=NOT_A_SUCCESS:
  return Outcome('done',result={})
 if known:=map_of(response.body):
  return readiness(request,known)
 return Outcome('refused',UNSEEN,"the handler's configuration is not JSON")
def readiness(request,known):
 if known.get('State')=='Failed':
  message=known.get('StateReason') or "the function's State is Failed"
  return Outcome('failed',known.get('StateReasonCode') or 'Failed',message,is_final=True)
 if known.get('LastUpdateStatus')=='Failed' and request.kind!='Delete':
  why=known.get('LastUpdateStatusReason') or "the function's LastUpdateStatus is Failed"
  error=known.get('LastUpdateStatusReasonCode') or 'Failed'
  message=f"{why.rstrip('.')}; the handler still has its previous code"
  return Outcome('failed',error,message,is_final=True)
 if known.get('State')=='Pending' or known.get('LastUpdateStatus')=='InProgress':
  return Outcome('refused','NotReady','the handler is still being created or updated')
 return Outcome('done',result=known)
def invoke(request,progress,effects,seconds):
 payload,context=invocation(request,progress)
 headers={'X-Amz-Invocation-Type':request.invocation_type}
 if request.invocation_type=='RequestResponse':
  headers['X-Amz-Log-Type']='Tail'
  if context:
   headers['X-Amz-Client-Context']=context
  if len(context)>LONGEST_CONTEXT:
   hint='keep it shorter, or make the Payload an object, which can hold it'
   return Outcome('failed','ClientContext',f'no room for EventState; {hint}')
 where=path(request.handler_arn,'invocations')
 runs_until=0
 if request.invocation_type=='RequestResponse':
  longest=progress.function_timeout or LONGEST_RUN
  runs_until=effects.clock().now+longest+RESERVE
 response=response_of(effects.call('lambda','POST',where,payload,headers,seconds))
 match response.kind:
  case 'answered':
   outcome=invoked(request,response)
   may_run=outcome.kind=='failed' and response.status>=FAILED_THERE
   return outcome._replace(runs_until=runs_until) if may_run else outcome
  case 'not sent':
   return Outcome('refused',UNREACHABLE,response.text)
  case 'cut off':
   message=f'{response.text}; the handler may have run'
   return Outcome('failed','ConnectionLost',message,runs_until=runs_until)
  case 'timed out':
   hint='return IN_PROGRESS earlier to be polled'
   if effects.clock().now+1>=due(request,progress):
    hint=f'Timeout is {request.timeout:g} s'
   message=f'no answer in {seconds:.0f} s; {hint}'
   return Outcome('failed','HandlerTooSlow',message,runs_until=runs_until)
def refusal(response):
 body,outcome=map_of(response.body),function_error(response.body)
 names=response.headers.get('X-Amzn-ErrorType'),body.get('code'),body.get('__type')
 name=next(filter(None,names),f'HTTP {response.status}')
 error,why=str(name).split(':')[0].split('#')[-1],body.get('Reason') or ''
 is_throttled=response.status==THROTTLED_STATUS
 message=f"{outcome.message.rstrip('.')} ({why})" if why else outcome.message
 kind='refused' if is_throttled or PASSES.fullmatch(error) else 'failed'
 return outcome._replace(kind=kind,error=error,message=message,is_crowded=why==CROWDED)
def map_of(body):
 with contextlib.suppress(ValueError,RecursionError):
  item=json.loads(body)
  return item if isinstance(item,dict) else {}
 return {}
def invoked(request,response):
 if response.status>=NOT_A_SUCCESS:
  return refusal(response)
 if response.headers.get('X-Amz-Function-Error'):
  tail=base64.b64decode(response.headers.get('X-Amz-Log-Result',''))
  return function_error(response.body,tail.decode(errors='replace'))
 if request.invocation_type!='RequestResponse':
  return Outcome('done')
 try:
  return judge(request,json.loads(response.body or b'null'))
 except ValueError:
  return Outcome('failed','BadResult',"the handler's result is not JSON")
 except RecursionError:
  return Outcome('failed','BadResult',"the handler's result is nested too deeply")
def invocation(request,progress):
 description=description_of(request,progress)
 if request.payload is ABSENT:
  return encoded(description),''
 payload=request.payload
 is_carried=isinstance(payload,dict) and progress.state is not None
 if is_carried:
  payload=payload|{'EventState':progress.state}
 return encoded(payload),client_context(description,is_carried=is_carried)
def client_context(description,*,is_carried):
 context=packed(description)
 for name in ['Old',*(['EventState'] if is_carried else [])]:
  if len(context)>LONGEST_CONTEXT and name in description:
   description=without(description,name)
   context=packed(description)
 if len(context)>LONGEST_CONTEXT:
  context=packed(description,is_ascii=False)
 if len(context)>LONGEST_CONTEXT and 'PhysicalResourceId' in description:
  context=packed(without(description,'PhysicalResourceId'),is_ascii=False)
 return context
def without(description,name):
 rest={key:item for key,item in description.items() if key!=name}
 return rest|{'Truncated':[*description.get('Truncated',[]),name]}
def packed(description,*,is_ascii=True):
 text=encoded(description).decode()
 context=json.dumps({'custom':{'trigger':text}},ensure_ascii=is_ascii)
 return base64.b64encode(context.encode()).decode()
def description_of(request,progress):
 keys=('RequestType','RequestId','StackId','LogicalResourceId','PhysicalResourceId')
 description={key:request.event[key] for key in keys if key in request.event}
 parts=[*(request.event[key] for key in keys[1:4]),url_date(request.event)]
 description['ExecutionId']=hashlib.sha256('\n'.join(parts).encode()).hexdigest()[:32]
 description['Attempt']=progress.failures+1
 if progress.state is not None:
  description['EventState']=progress.state
 if request.old_payload is not ABSENT:
  description['Old']=request.old_payload
 return description
class StackReply(NamedTuple):
 text:str
 status:int=0
 is_denied:bool=False
 is_reached:bool=True
def ask(request,effects,seconds,action,**more):
 query={'Action':action,'StackName':request.event['StackId'],'Version':'2010-05-15'}
 form=urlencode(query|more).encode()
 headers={'Content-Type':'application/x-www-form-urlencoded'}
 response=response_of(effects.call('cloudformation','POST','/',form,headers,seconds))
 status,is_reached=response.status,response.kind=='answered'
 if is_reached and status<NOT_A_SUCCESS:
  return StackReply(response.text,status)
 is_refused=is_reached and status in CLIENT_ERRORS
 is_denied=is_refused and not TRANSIENT.search(response.body)
 return StackReply('',status,is_denied,is_reached)
TRANSIENT=re.compile(b'Throttl|LimitExceeded|Expired|Timeout')
def stack_status(reply):
 found=re.search(r'<StackStatus>\s*(\w+)',reply.text)
 return found[1] if found else ''
class History(NamedTuple):
 is_taken_back:Any=None
 has_failed:Any=None
 is_denied:bool=False
def read_history(request,effects,seconds):
 events=[]
 more={}
 for _ in range(MOST_PAGES):
  reply=ask(request,effects,seconds,'DescribeStackEvents',**more)
  members=re.findall('(?s)<member>(.*?)</member>',reply.text)
  if not members:
   return History(is_denied=reply.is_denied)
  events+=map(parse_event,members)
  operations=operations_of(request,events)
  token=re.search('<NextToken>(.*?)</',reply.text)
  if len(operations)>1+request.unchanged or not token:
   break
  more={'NextToken':unescape(token[1])}
 return judge_history(request,operations)
MOST_PAGES=40
def parse_event(xml):
 return dict(re.findall(r'(?s)<(\w+)>(.*?)</\1>',xml))
def operations_of(request,events):
 operations=[[]]
 for event in events:
  operations[-1].append(event)
  is_own=event.get('PhysicalResourceId')==request.event['StackId']
  if is_own and event.get('ResourceStatusReason')=='User Initiated':
   operations.append([])
 return operations
def judge_history(request,operations):
 now,before=operations[0],operations[1] if len(operations)>1 else []
 is_taken_back=ended(request,now)[:1]==['UPDATE_FAILED']
 statuses=ended(request,before)
 is_rolled_back=any('ROLLBACK' in each['ResourceStatus'] for each in before)
 last=statuses[:1] if is_rolled_back else statuses
 has_failed=is_taken_back or any(status.endswith('FAILED') for status in last)
 return History(is_taken_back,has_failed)
def ended(request,events):
 own=(event for event in events if event.get('LogicalResourceId')==request.name)
 statuses=(event['ResourceStatus'] for event in own)
 return [status for status in statuses if not status.endswith('IN_PROGRESS')]
def hand_over(event,effects,me,log):
 body,headers=encoded(event),{'X-Amz-Invocation-Type':'Event'}
 for pause in growing(PAUSES):
  left=effects.clock().left
  seconds=max(1,min(SHORT,max(left-2*RESERVE,left/2)))
  reply=effects.call('lambda','POST',path(me,'invocations'),body,headers,seconds)
  response=response_of(reply)
  if response.status==ACCEPTED:
   return True
  if response.kind in {'timed out','cut off'}:
   log('handed over, without a reply',level='WARN',why=response.text)
   return False
  is_lasting=NOT_A_SUCCESS<=response.status<FAILED_THERE
  if is_lasting and response.status not in {FORBIDDEN,THROTTLED_STATUS}:
   break
  if (spare:=effects.clock().left-2*RESERVE)<=0:
   break
  effects.sleep(min(pause,spare,LONGEST_REFUSAL))
 raise RuntimeError(f'could not start a new execution: {response.text}')
LOGGED=300
LONGEST_PUT=5
LONGEST_QUESTION=5
BETWEEN_QUESTIONS=30
def serve(event,effects,me):
 def log(step,**more):
  name,kind=event['LogicalResourceId'],event['RequestType']
  effects.log({'step':step,'trigger':name,'type':kind}|more)
 now=effects.clock().now
 if now>sent_at(event,now)+bare_request(event).service_timeout:
  log('dropped: CloudFormation no longer waits',level='ERROR')
 elif body:=event.get('Answer') or find_answer(event,effects,me,log):
  deliver(event,body,effects,me,log)
def find_answer(event,effects,me,log):
 now=effects.clock().now
 request,progress=bare_request(event),Progress(now,sent_at(event,now))
 is_read=is_broken=False
 while True:
  try:
   if not is_read:
    is_read=True
    read=parse_request(event)
    request,progress=read,parse_progress(event,read,now)
    if 'Progress' in event:
     progress=notice_cancel(request,progress,effects,log)
   action=decide(request,progress,effects.clock())
   if action.step=='respond':
    return concluded(request,progress,action.outcome,log)
   log(action.step,attempt=progress.failures+1,seconds=action.seconds)
   if action.step=='hand over':
    hand_over(handed_over(event,progress),effects,me,log)
    return None
   progress=carry_out(action,request,progress,effects,log)
  except Exception as error:
   log('provider failed',level='ERROR',trace=traceback.format_exc())
   failed=Outcome('failed',type(error).__name__,str(error),is_final=True)
   if not must_ask(request,progress):
    return concluded(request,progress,failed,log)
   if is_broken:
    return concluded(request,progress,unknown_status(),log)
   is_broken,progress=True,progress._replace(outcome=failed)
def concluded(request,progress,outcome,log):
 body,reason=answer(request,progress,outcome)
 status=body['Status']
 level='INFO' if not reason else 'WARN' if status=='FAILED' else 'ERROR'
 if outcome.kind=='skipped' and outcome.error:
  level='ERROR'
 if outcome.is_unexpected:
  reason='Expect is not met'
 log('respond',level=level,status=status,reason=reason or outcome.message)
 return body
def deliver(event,body,effects,me,log):
 request=bare_request(event)
 until=sent_at(event,effects.clock().now)+request.service_timeout
 is_handed_over=False
 for pause in growing(PAUSES):
  response=response_of(effects.put(event['ResponseURL'],encoded(body)))
  if response.kind=='answered' and response.status<NOT_A_SUCCESS:
   return
  why='' if response.kind=='answered' else response.text
  log('the response was not accepted',level='ERROR',status=response.status,why=why)
  now,left=effects.clock()
  if now+pause>until:
   return
  if left-pause<3*RESERVE and not is_handed_over:
   is_handed_over=True
   if hands_answer_over(event,body,effects,me,log):
    return
  left=effects.clock().left-LONGEST_PUT
  if left<=0:
   return
  effects.sleep(min(pause,left))
def hands_answer_over(event,body,effects,me,log):
 rest={key:value for key,value in event.items() if key!='Progress'}
 log('hand over',attempt=1,seconds=0)
 try:
  return hand_over(rest|{'Answer':body},effects,me,log)
 except RuntimeError as error:
  log('the answer was not handed over',level='ERROR',why=str(error))
  return False
def carry_out(action,request,progress,effects,log
):
 began,outcome=effects.clock().now,Outcome('none')
 match action.step:
  case 'wait':
   effects.sleep(action.seconds)
   progress=progress._replace(fresh=False)
   if must_ask(request,progress):
    return uncharged(progress,effects.clock().now-began)
   return notice_cancel(request,progress,effects,log)
  case 'ask':
   progress=notice_rollback(request,progress,effects,action.seconds,log)
   return uncharged(progress._replace(fresh=False),effects.clock().now-began)
  case 'look':
   outcome=look(request,effects)
   if outcome.kind=='done':
    return seen(progress,outcome.result)
  case 'invoke':
   outcome=invoke(request,progress,effects,action.seconds)
   longest=max(progress.longest,effects.clock().now-began)
   progress=progress._replace(longest=longest)
  case _:
   raise AssertionError(action.step)
 words={}
 is_secret=request.no_echo or progress.no_echo or outcome.no_echo
 if outcome.kind=='pending' and outcome.message and not is_secret:
  words={'progress':truncate(outcome.message,LOGGED)}
 if outcome.kind=='done' and (hint:=warning(request,outcome.result)):
  words={'level':'WARN','warning':hint}
 log(outcome.kind,error=outcome.error,**words)
 return learn(request,progress,outcome,effects.clock())
def seen(progress,configuration):
 log_group=(configuration.get('LoggingConfig') or {}).get('LogGroup','')
 timeout=configuration.get('Timeout',DEFAULT_RUN) if configuration else 0
 return progress._replace(ready=True,log_group=log_group,function_timeout=timeout)
def uncharged(progress,seconds):
 return progress._replace(began=progress.began+seconds)
def notice_rollback(request,progress,effects,seconds,log
):
 reply,status=StackReply(''),progress.status
 if not status:
  reply=ask(request,effects,seconds,'DescribeStacks')
  status=stack_status(reply)
 now=effects.clock().now
 progress=progress._replace(is_reached=progress.is_reached or reply.is_reached,status=status)
 if status.startswith('UPDATE_ROLLBACK'):
  return progress._replace(rolling_back=True)
 history=History()
 if status or reply.is_denied:
  history=read_history(request,effects,seconds)
 elif is_not_there(request,progress,effects.clock()):
  history=History(is_denied=True)
 is_unknown=history.is_taken_back is None
 if is_unknown or not status:
  log('stack status unknown',level='WARN',status=reply.status)
 is_patient=progress.questions<len(QUESTION_PAUSES) or not status
 if is_unknown and is_patient and not history.is_denied:
  usual=QUESTION_PAUSES[min(progress.questions,len(QUESTION_PAUSES)-1)]
  pause=min(usual,request.service_timeout/6)*(1+lot(request,progress))
  return progress._replace(questions=progress.questions+1,ask_at=now+pause)
 rolling_back,has_failed=bool(history.is_taken_back),history.has_failed
 ask_at=now+2*BETWEEN_QUESTIONS
 return progress._replace(rolling_back=rolling_back,has_failed=has_failed,ask_at=ask_at)
def notice_cancel(request,progress,effects,log):
 now=effects.clock().now
 is_wanted=request.kind=='Delete' or progress.rolling_back or must_ask(request,progress)
 if is_wanted or now<progress.ask_at:
  return progress
 seconds=min(LONGEST_QUESTION,room(request,progress,effects.clock()))
 reply=ask(request,effects,seconds,'DescribeStacks')
 status,was_told=stack_status(reply),progress.status
 progress=progress._replace(ask_at=now+BETWEEN_QUESTIONS,status=status or was_told)
 if not status:
  log('stack status unknown',level='WARN',status=reply.status)
 if request.kind=='Update' and not was_told:
  return progress._replace(rolling_back=status.startswith('UPDATE_ROLLBACK'))
 gone='ROLLBACK' in status or 'DELETE' in status
 return progress._replace(cancelled=status if gone else '')
def handler(event,context):
 effects=Effects(
  clock=lambda:Clock(time.time(),context.get_remaining_time_in_millis()/1000),
  sleep=time.sleep,
  call=signed_call,
  put=lambda url,body:exchange('PUT',url,body,{'Content-Type':''},5),
  log=lambda entry:print(json.dumps(entry),flush=True),
 )
 serve(event,effects,context.invoked_function_arn)
