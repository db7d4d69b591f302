# Generated from the package trigger_provider of cfn-trigger, which has the comments
import base64
import contextlib
import difflib
import hashlib
import hmac
import http.client
import json
import os
import re
import select
import socket
import ssl
import time
import traceback
from calendar import timegm
from typing import Any,NamedTuple
from urllib.parse import quote,urlencode,urlsplit
as_json=json.JSONEncoder(ensure_ascii=False).encode
def as_text(item):
 return item if isinstance(item,str) else as_json(item)
def encoded(item):
 return as_json(item).encode(errors='replace')
def size(item):
 return len(encoded(item))
def truncate(text,room):
 if size(text)-2<=room:
  return text
 text=text[:room]
 while size(text)>room-1:
  text=text[:-1-(size(text)-room)//6]
 return text+'…'
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
class Progress(NamedTuple):
 began:float
 rolling_back:Any=None
 ready:bool=False
 log_group:str=''
 failures:int=0
 refusals:int=0
 refused_since:float=0
 resume_at:float=0
 longest:float=0
 state:Any=None
 cancelled:str=''
 outcome:Any=Outcome('none')
 fresh:bool=True
def bare_request(event):
 properties=event.get('ResourceProperties',{})
 kind,name=event['RequestType'],event['LogicalResourceId']
 no_echo,on_failure=str(properties.get('NoEcho')),properties.get('OnFailure','Fail')
 old_id=event.get('PhysicalResourceId','')
 return Request(event,kind,name,old_id,no_echo=is_true(no_echo),on_failure=on_failure)
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
 if request.execute_on_handler_change or request.attributes or never_created(request):
  return False
 causes=('Fingerprint','Payload','Enabled')
 return all(properties.get(cause)==old.get(cause) for cause in causes)
def parse_progress(event,began):
 if kept:=event.get('Progress'):
  return Progress(**kept|{'outcome':Outcome(*kept['outcome'])})
 if date:=url_date(event):
  began=timegm(time.strptime(date,'%Y%m%dT%H%M%SZ'))
 return Progress(began)
def handed_over(event,progress):
 kept=progress._replace(outcome=progress.outcome._replace(result=None),fresh=True)
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
QUOTED=300
FRAMES=3
def judge(request,result):
 words=result if isinstance(result,dict) else {}
 match words.get('Status'):
  case 'IN_PROGRESS':
   return pending(words)
  case 'FAILED'|'FAILURE':
   return Outcome('failed','Failed',str(words.get('Reason') or 'no Reason was given'))
 lacks='' if request.expect is ABSENT else difference(request.expect,result,'result')
 if lacks:
  return Outcome('failed','Expect',lacks,is_unexpected=True)
 return Outcome('done',result=result)
def pending(result):
 after=result.get('RetryAfter')
 if after is not None and not re.fullmatch(r'\d+(\.\d*)?',str(after)):
  return Outcome('failed','BadResult','RetryAfter is not a number of seconds')
 message=as_text(result.get('Progress') or result.get('Reason') or '')
 return Outcome('pending',message=message,result=result)
def difference(expected,actual,path):
 if isinstance(expected,dict) and isinstance(actual,dict):
  parts=((v,actual.get(k,ABSENT),f'{path}.{k}') for k,v in expected.items())
  return next(filter(None,(difference(*part) for part in parts)),'')
 if equal(expected,actual):
  return ''
 got='absent' if actual is ABSENT else truncate(as_text(actual),QUOTED)
 return f'{path} is {got}, expected {truncate(as_text(expected),QUOTED)}'
def equal(left,right):
 if isinstance(left,list) and isinstance(right,list):
  return len(left)==len(right) and all(map(equal,left,right))
 if isinstance(left,dict) and isinstance(right,dict):
  return left.keys()==right.keys() and all(equal(left[key],right[key]) for key in left)
 return bool(left==right) and isinstance(left,bool)==isinstance(right,bool)
def function_error(payload,log=''):
 try:
  error=dict(json.loads(payload))
 except (ValueError,TypeError):
  error={'errorMessage':payload.decode(errors='replace')}
 spellings=(error.get(key) for key in ('errorMessage','Message','message'))
 message=str(next(filter(None,spellings),'no message'))
 frames=innermost_frames(error.get('stackTrace') or error.get('trace'),message)
 kind=str(error.get('errorType') or 'Error')
 return Outcome('failed',kind,message,frames,log)
def innermost_frames(trace,message):
 lines=trace.splitlines() if isinstance(trace,str) else trace
 lines=[str(line) for line in lines] if isinstance(lines,list) else []
 frames=[' '.join(line.split()).removeprefix('at ') for line in lines if message not in line]
 if any('File "' in frame for frame in frames):
  frames.reverse()
 return tuple(frames[:FRAMES])
RESERVE=10
PROPAGATION=60
SHORT=60
FULL=840
GROWTH=1.5
LONGEST_REFUSAL=10
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
 if ending:=final_outcome(request,progress,clock):
  return Action('respond',outcome=ending)
 if is_too_late(request,progress,clock):
  return Action('respond',outcome=too_late(request,progress.outcome))
 pause,room=progress.resume_at-clock.now,clock.left-RESERVE
 if pause>0 and (pause<=room or progress.fresh):
  return Action('wait',min(pause,max(room,1)))
 if needs_fresh_execution(progress,clock):
  return Action('hand over')
 seconds=max(1,min(room,due(request,progress)-clock.now))
 return Action('invoke' if progress.ready else 'look',seconds)
def reason_to_skip(request,progress):
 match request.kind:
  case _ if not request.enabled:
   return 'Enabled is false'
  case 'Update' if progress.rolling_back and not request.execute_on_rollback:
   return 'the stack is rolling back'
  case 'Update' if request.unchanged:
   return 'ExecuteOnHandlerChange is false'
  case 'Delete' if not request.execute_on_delete:
   return 'ExecuteOnDelete is false'
  case 'Delete' if never_created(request):
   return 'it was never created'
 return ''
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
 return progress.outcome.kind=='failed' and progress.failures>=request.max_attempts
def is_denied(outcome):
 return outcome.kind=='refused' and 'AccessDenied' in outcome.error
def due(request,progress):
 return progress.began+request.timeout
def is_too_late(request,progress,clock):
 return max(clock.now,progress.resume_at)>=due(request,progress)
def too_late(request,outcome):
 last=outcome.message.rstrip(' .') or 'not done'
 message=f'{last}; Timeout is {request.timeout:g} s'
 return outcome._replace(kind='failed',error=outcome.error or 'Timeout',message=message)
def needs_fresh_execution(progress,clock):
 if progress.fresh:
  return False
 needed=GROWTH*progress.longest
 if progress.outcome.kind=='refused':
  needed=progress.longest+RESERVE
 return progress.resume_at>clock.now or clock.left<max(SHORT,min(needed,FULL))
def learn(request,progress,outcome,clock):
 pause=0
 known=progress._replace(outcome=outcome,fresh=False,refusals=0,refused_since=0)
 match outcome.kind:
  case 'refused':
   pause=min(2**min(progress.refusals,4),LONGEST_REFUSAL)
   since=(progress.refused_since or clock.now) if is_denied(outcome) else 0
   known=known._replace(refusals=progress.refusals+1,refused_since=since)
  case 'failed':
   growth=request.backoff_rate**min(progress.failures,60)
   pause=min(request.interval*growth,request.max_interval)
   known=known._replace(failures=progress.failures+1)
  case 'pending':
   after=outcome.result.get('RetryAfter')
   pause=max(1,request.poll_interval if after is None else float(after))
   known=known._replace(state=outcome.result.get('EventState'))
  case 'none'|'done'|'skipped':
   pass
 return known._replace(resume_at=clock.now+pause)
LIMIT=4095
LONGEST_ID=1024
RESERVED=('Error','Truncated')
FORGIVEN=900
LEFT_OUT=150
SMALLEST=10
OWN_LOG=os.environ.get('AWS_LAMBDA_LOG_GROUP_NAME',"the trigger provider's")
NOISE=re.compile(r'(?m)^((START|END|REPORT|INIT_START) .*|[\s^~]+)$')
class Answer(NamedTuple):
 body:Any
 reason:str
def answer(request,progress,outcome):
 data={}
 if outcome.kind=='done' and request.kind!='Delete':
  data=attributes(outcome.result)
  outcome=unusable(request,data) or outcome
 if outcome.kind!='failed':
  body=success(request,outcome.message or 'done',data)
  missing=unfitting(request,data,body)
  if not missing:
   return Answer(body,'')
  outcome=missing
 reason=explain(request,progress,outcome)
 if is_forgiven(request,progress):
  return Answer(success(request,reason,{},truncate(reason,FORGIVEN)),reason)
 return Answer(failure(request,reason),reason)
def is_forgiven(request,progress):
 is_last=request.kind=='Delete' or bool(progress.rolling_back)
 return is_last or request.on_failure=='Continue'
def unusable(request,data):
 physical_id=data.get('PhysicalResourceId')
 if physical_id is not None and not (
  isinstance(physical_id,str) and 0<size(physical_id)-2<=LONGEST_ID
 ):
  message='it is not a string of 1 to 1,024 bytes'
  return Outcome('failed','PhysicalResourceId',message)
 for name in request.attributes:
  if name not in data and name not in RESERVED:
   near=''.join(difflib.get_close_matches(name,data,1))
   hint=f'; did you mean {near!r}?' if near else ''
   message=f'the template reads {name!r}, which the result lacks{hint}'
   return Outcome('failed','Attribute',message)
 return None
def unfitting(request,data,body):
 for name in request.attributes:
  if name in data and body['Data'].get(name)!=as_text(data[name]):
   message=f'the template reads {name!r}, which does not fit into 4,096 bytes'
   return Outcome('failed','Attribute',message)
 return None
def failure(request,reason):
 body=echo(request,'FAILED',request.old_id or marker(request))
 return body|{'Reason':truncate(reason,LIMIT-size(body|{'Reason':''}))}
def success(request,reason,data,error=''):
 body=echo(request,'SUCCESS',physical_id(request,data))
 body['Reason']=truncate(reason,FORGIVEN)
 if request.kind=='Delete':
  return body
 body['NoEcho']=request.no_echo
 return body|{'Data':fit_attributes(request,data,error,body)}
def echo(request,status,physical_id):
 body={key:request.event[key] for key in ('StackId','RequestId','LogicalResourceId')}
 return body|{'Status':status,'PhysicalResourceId':physical_id}
def physical_id(request,data):
 if request.kind=='Delete':
  return request.old_id
 digest=hashlib.sha256((request.event['StackId']+request.name).encode()).hexdigest()
 old_id='' if never_created(request) else request.old_id
 return data.get('PhysicalResourceId') or old_id or f'{request.name}-{digest[:12]}'
def attributes(result):
 nested=result.get('Data') if isinstance(result,dict) else None
 whole='' if result is ABSENT else as_json(result)
 data=dict(parts(result))|dict(parts(nested))|{'Result':whole}
 return {name:item for name,item in data.items() if name not in RESERVED}
def parts(item,path=''):
 items=enumerate(item) if isinstance(item,list) else ()
 for key,child in item.items() if isinstance(item,dict) else items:
  yield f'{path}{key}',child
  yield from parts(child,f'{path}{key}.')
def fit_attributes(request,data,error,body):
 fitted={'Result':'','Truncated':'','Error':error}
 room=LIMIT-LEFT_OUT-50-size(body|{'Data':fitted})
 for name in request.attributes:
  room-=size(name)+6 if name not in fitted else 0
  if room>0:
   fitted.setdefault(name,'')
 left_out=[]
 by_kind=sorted(data,key=lambda name:isinstance(data[name],dict|list))
 for name in filter(data.__contains__,dict.fromkeys([*request.attributes,'Result',*by_kind])):
  cost=LIMIT
  is_skipped=left_out and isinstance(data[name],dict|list)
  if room>=SMALLEST and (not is_skipped or name in request.attributes):
   cost=size(name)+size(as_text(data[name]))+4
  if cost<=room:
   fitted[name]=as_text(data[name])
   room-=cost
  else:
   left_out.append(name)
 if left_out:
  names=f"{len(left_out)} left out: {', '.join(left_out[:9])}"
  fitted['Truncated']=truncate(names,LEFT_OUT)
 return fitted
def explain(request,progress,failed):
 name=request.handler_arn.split(':function:')[-1].split(':')[0]
 where=f"full log: {progress.log_group or (f'/aws/lambda/{name}' if name else OWN_LOG)}"
 if request.no_echo:
  return f'{failed.error}; {where}'
 clauses=[truncate(f'{failed.error}: {failed.message}'.rstrip(' .\n'),1500)]
 if frames:='; at '.join(failed.frames).replace('/var/task/',''):
  clauses+=['at '+truncate(frames,600)]
 attempts=progress.failures+(progress.outcome.kind=='done')
 if attempts and request.max_attempts>1:
  clauses+=[f'attempt {attempts} of {request.max_attempts:g}']
 if tail:=' / '.join(filter(None,NOISE.sub('',failed.log).splitlines())):
  clauses+=['last log lines: '+truncate(tail[-800:],900)]
 return ' '.join('; '.join([*clauses,where]).split())
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
TRUST=ssl.create_default_context()
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
def send_on(connection,method,url,body,headers,seconds):
 host=urlsplit(url).netloc
 lines=[f"{method} {url.split(host,1)[1] or '/'} HTTP/1.1"]
 fields={'Host':host,'Content-Length':len(body)}|headers
 lines+=[f'{name}: {value}' for name,value in fields.items()]
 try:
  connection.sock.settimeout(seconds)
  connection.sock.sendall('\r\n'.join([*lines,'\r\n']).encode()+body)
  response=http.client.HTTPResponse(connection.sock,method=method)
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
 url,date=endpoint(service)+path,time.strftime('%Y%m%dT%H%M%SZ',time.gmtime())
 keys=[os.environ.get(name,'') for name in CREDENTIALS]
 headers=signed(service,method,url,body,headers,date,keys)
 return exchange(method,url,body,headers,seconds)
def endpoint(service):
 env=os.environ
 public=f"https://{service}.{REGION}.{env.get('URL_SUFFIX','amazonaws.com')}"
 chosen=env.get(f'AWS_ENDPOINT_URL_{service.upper()}') or env.get('AWS_ENDPOINT_URL')
 return (chosen or public).rstrip('/')
def signed(service,method,url,body,headers,date,keys
):
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
 scope=f'{date[:8]}/{REGION}/{service}/aws4_request'
 digest=hashlib.sha256(canonical.encode()).hexdigest()
 key=f'AWS4{secret}'.encode()
 for part in (*scope.split('/'),f'AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}'):
  key=hmac.digest(key,part.encode(),'sha256')
 identity=f'AWS4-HMAC-SHA256 Credential={key_id}/{scope}'
 authorization=f'{identity}, SignedHeaders={signed_names}, Signature={key.hex()}'
 return headers|{'Authorization':authorization}
ACCEPTED=202
THROTTLED=429
NOT_A_SUCCESS=300
FAILED_THERE=500
LONGEST_CONTEXT=3583
DID_NOT_RUN=re.compile('AccessDenied|ResourceConflict|NotReady|TooManyRequests|Throttl')
def tries(effects,pauses,room):
 yield
 for pause in pauses:
  if (seconds:=room())<=0:
   return
  effects.sleep(min(pause,seconds))
  yield
def path(function,what):
 return f"/2015-03-31/functions/{quote(function,safe='')}/{what}"
def look(request,effects):
 where=path(request.handler_arn,'configuration')
 response=response_of(effects.call('lambda','GET',where,b'',{},RESERVE))
 if response.kind!='answered' or response.status==THROTTLED:
  return Outcome('refused','Unreachable',response.text)
 known={}
 with contextlib.suppress(ValueError):
  if response.status<NOT_A_SUCCESS:
   known=json.loads(response.body)
 if known.get('State')=='Pending' or known.get('LastUpdateStatus')=='InProgress':
  return Outcome('refused','NotReady','the handler is still being created or updated')
 return Outcome('done',result=known.get('LoggingConfig',{}).get('LogGroup',''))
def invoke(request,progress,effects,seconds):
 payload,context=invocation(request,progress)
 headers={'X-Amz-Invocation-Type':request.invocation_type}
 if request.invocation_type=='RequestResponse':
  headers['X-Amz-Log-Type']='Tail'
  if context:
   headers['X-Amz-Client-Context']=context
  if len(context)>LONGEST_CONTEXT:
   return Outcome('failed','ClientContext','EventState and Old are over 3,583 bytes')
 where=path(request.handler_arn,'invocations')
 response=response_of(effects.call('lambda','POST',where,payload,headers,seconds))
 match response.kind:
  case 'answered':
   return invoked(request,response)
  case 'not sent':
   return Outcome('refused','Unreachable',response.text)
  case 'cut off':
   message=f'{response.text}; the handler may have run'
   return Outcome('failed','ConnectionLost',message)
  case 'timed out':
   hint='return IN_PROGRESS earlier to be polled'
   if effects.clock().now+1>=due(request,progress):
    hint=f'Timeout is {request.timeout:g} s'
   return Outcome('failed','HandlerTooSlow',f'no answer in {seconds:.0f} s; {hint}')
def invoked(request,response):
 if response.status>=NOT_A_SUCCESS:
  error=(response.headers.get('X-Amzn-ErrorType') or f'HTTP {response.status}').split(':')[
   0
  ]
  kind='refused' if DID_NOT_RUN.search(error) else 'failed'
  return function_error(response.body)._replace(kind=kind,error=error)
 if response.headers.get('X-Amz-Function-Error'):
  tail=base64.b64decode(response.headers.get('X-Amz-Log-Result',''))
  return function_error(response.body,tail.decode(errors='replace'))
 if request.invocation_type!='RequestResponse':
  return Outcome('done')
 try:
  return judge(request,json.loads(response.body or b'null'))
 except ValueError:
  return Outcome('failed','BadResult',"the handler's result is not JSON")
def invocation(request,progress):
 description=description_of(request,progress)
 if request.payload is ABSENT:
  return encoded(description),''
 payload=request.payload
 if isinstance(payload,dict) and progress.state is not None:
  payload=payload|{'EventState':progress.state}
 context=json.dumps({'custom':{'trigger':json.dumps(description)}}).encode()
 return encoded(payload),base64.b64encode(context).decode()
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
def stack_status(request,progress,effects,log):
 def room():
  now,left=effects.clock()
  return min(left-RESERVE,due(request,progress)-now)
 stack=request.event['StackId']
 query={'Action':'DescribeStacks','StackName':stack,'Version':'2010-05-15'}
 form=urlencode(query).encode()
 headers={'Content-Type':'application/x-www-form-urlencoded'}
 status=0
 for _ in tries(effects,(1,2,4,8,16),room):
  if (seconds:=room())<=0:
   break
  reply=effects.call('cloudformation','POST','/',form,headers,min(seconds,RESERVE))
  response=response_of(reply)
  if found:=re.search(b'<StackStatus>(.*?)</',response.body):
   return found[1].decode()
  status=response.status
  is_definite=response.kind=='answered' and status<FAILED_THERE
  if is_definite and b'Throttling' not in response.body:
   break
 log('stack status unknown: assuming no rollback',level='WARN',status=status)
 return ''
def hand_over(event,progress,effects,me):
 body,headers=encoded(handed_over(event,progress)),{'X-Amz-Invocation-Type':'Event'}
 for _ in tries(effects,(1,2,3),lambda:effects.clock().left-2*RESERVE):
  reply=effects.call('lambda','POST',path(me,'invocations'),body,headers,5)
  response=response_of(reply)
  if response.status==ACCEPTED:
   return
  if response.kind in {'timed out','cut off'}:
   break
 raise RuntimeError(f'could not start a new execution: {response.text}')
LOGGED=300
def serve(event,effects,me):
 def log(step,**more):
  name,kind=event['LogicalResourceId'],event['RequestType']
  effects.log({'step':step,'trigger':name,'type':kind}|more)
 if body:=find_answer(event,effects,me,log):
  deliver(event,body,effects,log)
def find_answer(event,effects,me,log):
 request,progress=bare_request(event),Progress(effects.clock().now)
 try:
  progress=parse_progress(event,progress.began)
  request=parse_request(event)
  if effects.clock().now>progress.began+request.service_timeout:
   log('dropped: CloudFormation no longer waits',level='ERROR')
   return None
  progress=notice_rollback(request,progress,effects,log)
  if 'Progress' in event:
   progress=notice_cancel(request,progress,effects,log)
  while (action:=decide(request,progress,effects.clock())).step!='respond':
   log(action.step,attempt=progress.failures+1,seconds=action.seconds)
   if action.step=='hand over':
    hand_over(event,progress,effects,me)
    return None
   progress=carry_out(action,request,progress,effects,log)
  return concluded(request,progress,action.outcome,log)
 except Exception as error:
  log('provider failed',level='ERROR',trace=traceback.format_exc())
  progress=notice_rollback(request,progress,effects,log)
  failed=Outcome('failed',type(error).__name__,str(error))
  return concluded(request,progress,failed,log)
def concluded(request,progress,outcome,log):
 body,reason=answer(request,progress,outcome)
 status=body['Status']
 level='INFO' if not reason else 'WARN' if status=='FAILED' else 'ERROR'
 if outcome.is_unexpected:
  reason='Expect is not met'
 log('respond',level=level,status=status,reason=reason or outcome.message)
 return body
def deliver(event,body,effects,log):
 for _ in tries(effects,(1,2,4,8),lambda:effects.clock().left):
  response=response_of(effects.put(event['ResponseURL'],encoded(body)))
  if response.kind=='answered' and response.status<NOT_A_SUCCESS:
   return
  why='' if response.kind=='answered' else response.text
  log('the response was not accepted',level='ERROR',status=response.status,why=why)
def carry_out(action,request,progress,effects,log
):
 match action.step:
  case 'wait':
   effects.sleep(action.seconds)
   return notice_cancel(request,progress._replace(fresh=False),effects,log)
  case 'look':
   outcome=look(request,effects)
   if outcome.kind=='done':
    return progress._replace(ready=True,log_group=outcome.result)
  case 'invoke':
   began=effects.clock().now
   outcome=invoke(request,progress,effects,action.seconds)
   longest=max(progress.longest,effects.clock().now-began)
   progress=progress._replace(longest=longest)
  case _:
   raise AssertionError(action.step)
 words={}
 if outcome.kind=='pending' and outcome.message and not request.no_echo:
  words={'progress':truncate(outcome.message,LOGGED)}
 log(outcome.kind,error=outcome.error,**words)
 return learn(request,progress,outcome,effects.clock())
def notice_rollback(request,progress,effects,log):
 if progress.rolling_back is not None:
  return progress
 if request.kind!='Update':
  return progress._replace(rolling_back=False)
 if not (status:=stack_status(request,progress,effects,log)):
  return progress
 return progress._replace(rolling_back=status.startswith('UPDATE_ROLLBACK'))
def notice_cancel(request,progress,effects,log):
 was_unknown=progress.rolling_back is None
 progress=notice_rollback(request,progress,effects,log)
 if request.kind=='Delete' or progress.rolling_back or was_unknown:
  return progress
 status=stack_status(request,progress,effects,log)
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
